//! Passes on what a process prints, until the process itself has ended: what it left running may hold the pipes
//! open for ever.

use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use super::shell::Stream;

/// The reading ends of a process's outputs.
pub(super) type Pipes = [Option<(Stream, OwnedFd)>; 2];

/// Passes on what comes through the pipes until `ended` becomes readable (or is hung up).
pub(super) fn pass_on(
    mut pipes: Pipes,
    ended: &impl AsFd,
    output: &mut dyn FnMut(Stream, &[u8]),
) -> io::Result<()> {
    for (_, pipe) in pipes.iter().flatten() {
        fcntl_setfl(pipe, fcntl_getfl(pipe)? | OFlags::NONBLOCK)?;
    }
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let has_ended = {
            let mut watched = vec![PollFd::new(ended, PollFlags::IN)];
            let pipes = pipes.iter().flatten();
            watched.extend(pipes.map(|(_, pipe)| PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::IN)));
            match poll(&mut watched, None) {
                Err(rustix::io::Errno::INTR) => continue,
                other => other?,
            };
            !watched[0].revents().is_empty()
        };
        for slot in &mut pipes {
            let Some((stream, pipe)) = slot else { continue };
            if drain(pipe, *stream, &mut buffer, output)? {
                *slot = None;
            }
        }
        if has_ended {
            return Ok(());
        }
    }
}

/// Reads what is there now; true at the end of the pipe.
fn drain(
    pipe: &OwnedFd,
    stream: Stream,
    buffer: &mut [u8],
    output: &mut dyn FnMut(Stream, &[u8]),
) -> io::Result<bool> {
    let mut pipe = PipeReader(pipe);
    loop {
        match pipe.read(buffer) {
            Ok(0) => return Ok(true),
            Ok(n_bytes) => output(stream, &buffer[..n_bytes]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

struct PipeReader<'p>(&'p OwnedFd);

impl Read for PipeReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(self.0, buffer)?)
    }
}
