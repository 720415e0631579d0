//! The `python3` process: started, talked to, ended. Knows no message's meaning.

use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use super::broken::Broken;
use super::modules::Modules;
use super::wire;

/// Imports the evaluator from the folder that is its argument, and leaves no trace of that on `sys.path`.
const START: &str = "import sys; sys.path.insert(0, sys.argv[1]); from _tureen import finder, start; \
                     del sys.path[0]; finder.install(); start.start()";

/// Must be the one in `python/main.py`.
const VERSION: u64 = 2;

/// How long an evaluator may take to leave before it is killed.
const PATIENCE: Duration = Duration::from_millis(800);

/// The process and our end of its socket.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    stream: UnixStream,
    /// Read by jobs as long as the process lives.
    _modules: Modules,
}

impl Process {
    /// Starts an interpreter, in a folder if one is named, and waits for its greeting.
    pub(super) fn start(python: &Path, folder: Option<&Path>) -> Result<Self, Broken> {
        let not_started = |error: std::io::Error| Broken::NotStarted(python.to_owned(), error);
        let (ours, theirs) = UnixStream::pair().map_err(not_started)?;
        let modules = Modules::provide().map_err(not_started)?;
        let mut command = Command::new(python);
        command
            .args(["-c", START])
            .arg(modules.folder())
            .env(crate::work::guard::MARK, crate::work::guard::mark())
            .stdin(OwnedFd::from(theirs))
            // Ctrl-C is for us: we end it.
            .process_group(0);
        if let Some(folder) = folder {
            command.current_dir(folder);
        }
        end_with_parent(&mut command);
        let child = command.spawn().map_err(not_started)?;
        // The command holds their end; while it is open we would never see the end of the stream.
        drop(command);
        let mut process = Self { child, stream: ours, _modules: modules };
        let greeting = wire::receive(&process.stream);
        let not_python = |what: String| Broken::NotPython(python.to_owned(), what);
        match greeting {
            Ok(greeting) if greeting["version"].as_u64() == Some(VERSION) => {
                let version = greeting["python"].as_str().unwrap_or("");
                let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
                let version_pair = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
                if version_pair < (3, 10) {
                    return Err(not_python(format!("it is Python {version}")));
                }
                Ok(process)
            }
            Ok(_) => Err(not_python("it greets in another way".to_owned())),
            Err(_) => Err(not_python(process.ending())),
        }
    }

    pub(super) fn send(&mut self, message: &Json, fds: &[BorrowedFd<'_>]) -> Result<(), Broken> {
        wire::send(&self.stream, message, fds).map_err(|error| self.broken(&error))
    }

    pub(super) fn receive(&mut self) -> Result<Json, Broken> {
        wire::receive(&self.stream).map_err(|error| self.broken(&error))
    }

    /// One question, one answer.
    pub(super) fn ask(&mut self, message: &Json, fds: &[BorrowedFd<'_>]) -> Result<Json, Broken> {
        self.send(message, fds)?;
        self.receive()
    }

    fn broken(&mut self, error: &std::io::Error) -> Broken {
        if error.kind() == std::io::ErrorKind::InvalidData {
            return Broken::Garbled(error.to_string());
        }
        Broken::Died(self.ending())
    }

    /// How it ended, in words; ends it if it has not.
    fn ending(&mut self) -> String {
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            if let Ok(Some(status)) = self.child.try_wait() {
                return status.to_string();
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let _ = self.child.kill();
        self.child.wait().map_or_else(|error| error.to_string(), |_| "it did not answer".to_owned())
    }
}

impl Drop for Process {
    /// Asks it to end its jobs and leave; kills it if it doesn't.
    fn drop(&mut self) {
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
        if let Ok(None) = self.child.try_wait() {
            let pid = rustix::process::Pid::from_child(&self.child);
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
            self.ending();
        }
    }
}

/// When the thread that starts it ends, so does the evaluator: nothing outlives us.
#[expect(unsafe_code, reason = "`pre_exec` is the only way to set the signal before the interpreter starts")]
fn end_with_parent(command: &mut Command) {
    let set = || {
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::TERM))
            .map_err(std::io::Error::from)
    };
    // SAFETY: the closure makes one system call and touches no memory that another thread could hold locked.
    unsafe {
        command.pre_exec(set);
    }
}
