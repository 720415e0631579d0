//! One end of a socket between the user's process and a worker: frames of bytes, with descriptors beside them. Knows nothing
//! of what is in a frame, and nothing of Python.
//!
//! Nothing here waits: what has arrived of a frame is kept until the rest is there, whatever comes between.

use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::{Mutex, PoisonError};

use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recv, recvmsg, sendmsg,
};

/// The kind of the frame, the number of descriptors, the number of bytes.
const HEADER: usize = 16;

/// Descriptors in one message; the system allows 253.
const MOST_DESCRIPTORS: usize = 200;

/// So much is taken at a time, for whoever announces a lot may not mean it.
const STRIDE: usize = 1 << 20;

/// What one end sends the other.
#[derive(Debug, Default)]
pub(super) struct Frame {
    pub(super) kind: u32,
    pub(super) body: Vec<u8>,
    pub(super) descriptors: Vec<OwnedFd>,
}

/// What came of receiving without waiting.
#[derive(Debug)]
pub(super) enum Received {
    Frame(Frame),
    /// No whole frame is there yet.
    Nothing,
    /// The other end is gone.
    Closed,
    /// This process may not have so many descriptors: the frame is lost, and with it all that follows.
    TooMany,
}

/// A connected stream socket.
#[derive(Debug)]
pub(super) struct Socket {
    file: OwnedFd,
    incoming: Mutex<Incoming>,
}

/// What has arrived of a frame.
#[derive(Debug, Default)]
struct Incoming {
    header: [u8; HEADER],
    n_header: usize,
    frame: Frame,
}

/// A frame that is being sent: its bytes in parts, and its descriptors.
pub(super) struct Outgoing<'a> {
    header: [u8; HEADER],
    parts: &'a [&'a [u8]],
    descriptors: &'a [BorrowedFd<'a>],
    n_sent: usize,
    n_descriptors_sent: usize,
    length: usize,
}

impl Socket {
    pub(super) fn new(file: OwnedFd) -> Self {
        Self { file, incoming: Mutex::default() }
    }

    pub(super) fn file(&self) -> &OwnedFd {
        &self.file
    }

    /// The next frame, if all of it has arrived.
    pub(super) fn receive(&self) -> Received {
        let mut incoming = self.incoming.lock().unwrap_or_else(PoisonError::into_inner);
        match incoming.go_on(&self.file) {
            Ok(()) => Received::Frame(std::mem::take(&mut *incoming).frame),
            Err(Errno::AGAIN) => Received::Nothing,
            Err(error) => {
                *incoming = Incoming::default();
                if error == Errno::MFILE { Received::TooMany } else { Received::Closed }
            }
        }
    }

    /// Sends as much as there is room for. True when that was all of it.
    pub(super) fn send(&self, frame: &mut Outgoing<'_>) -> Result<bool, Errno> {
        loop {
            match frame.go_on(&self.file) {
                Ok(()) if frame.is_sent() => return Ok(true),
                Ok(()) | Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
    }

    /// Throws away what has arrived: no frame will be read from here again.
    pub(super) fn discard(&self) {
        *self.incoming.lock().unwrap_or_else(PoisonError::into_inner) = Incoming::default();
        let mut room = [0_u8; 1 << 16];
        while matches!(recv(&self.file, &mut room, RecvFlags::DONTWAIT), Ok((n, _)) if n > 0) {}
    }
}

impl Incoming {
    fn n_descriptors(&self) -> usize {
        u32::from_le_bytes([self.header[4], self.header[5], self.header[6], self.header[7]]) as usize
    }

    fn length(&self) -> usize {
        let mut length = [0; 8];
        length.copy_from_slice(&self.header[8..]);
        usize::try_from(u64::from_le_bytes(length)).unwrap_or(usize::MAX)
    }

    /// Receives until the frame is whole.
    fn go_on(&mut self, file: &OwnedFd) -> Result<(), Errno> {
        while self.n_header < HEADER {
            let place = self.n_header..;
            self.n_header += receive_with(file, &mut self.header[place], &mut self.frame.descriptors)?;
        }
        self.frame.kind =
            u32::from_le_bytes([self.header[0], self.header[1], self.header[2], self.header[3]]);
        let length = self.length();
        let body = &mut self.frame.body;
        while body.len() < length {
            let n_left = length - body.len();
            body.reserve(STRIDE.min(n_left));
            let room = body.spare_capacity_mut();
            let n_wanted = room.len().min(n_left);
            let n = retried(|| {
                let ((filled, _), _) = recv(file, &mut room[..n_wanted], RecvFlags::DONTWAIT)?;
                Ok(filled.len())
            })?;
            grow(body, n);
        }
        while self.frame.descriptors.len() < self.n_descriptors() {
            receive_with(file, &mut [0], &mut self.frame.descriptors)?;
        }
        Ok(())
    }
}

/// Takes the first `n` bytes of a vector's spare room, which were received, for its own.
#[expect(unsafe_code, reason = "bytes are received straight into a vector's spare room")]
fn grow(body: &mut Vec<u8>, n: usize) {
    debug_assert!(n <= body.capacity() - body.len());
    // SAFETY: `recv` has initialized them.
    unsafe { body.set_len(body.len() + n) }
}

/// Receives some bytes, never none, and the descriptors that ride on them.
fn receive_with(file: &OwnedFd, room: &mut [u8], descriptors: &mut Vec<OwnedFd>) -> Result<usize, Errno> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
    let mut is_cut_off = false;
    let n = retried(|| {
        let message = recvmsg(file, &mut [IoSliceMut::new(room)], &mut ancillary, flags)?;
        is_cut_off = message.flags.contains(ReturnFlags::CTRUNC);
        Ok(message.bytes)
    })?;
    if is_cut_off {
        return Err(Errno::MFILE);
    }
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(received) = message {
            descriptors.extend(received);
        }
    }
    Ok(n)
}

/// Calls again what a signal cut short. That nothing more comes is an error.
fn retried(mut receive: impl FnMut() -> Result<usize, Errno>) -> Result<usize, Errno> {
    loop {
        match receive() {
            Err(Errno::INTR) => {}
            Ok(0) => return Err(Errno::PIPE),
            other => return other,
        }
    }
}

impl<'a> Outgoing<'a> {
    pub(super) fn new(kind: u32, parts: &'a [&'a [u8]], descriptors: &'a [BorrowedFd<'a>]) -> Self {
        let n_bytes: usize = parts.iter().map(|part| part.len()).sum();
        let mut header = [0; HEADER];
        header[..4].copy_from_slice(&kind.to_le_bytes());
        header[4..8].copy_from_slice(&(descriptors.len() as u32).to_le_bytes());
        header[8..].copy_from_slice(&(n_bytes as u64).to_le_bytes());
        Self { header, parts, descriptors, n_sent: 0, n_descriptors_sent: 0, length: HEADER + n_bytes }
    }

    fn is_sent(&self) -> bool {
        self.n_sent == self.length && self.n_descriptors_sent == self.descriptors.len()
    }

    /// Sends once.
    fn go_on(&mut self, file: &OwnedFd) -> Result<(), Errno> {
        let left = &self.descriptors[self.n_descriptors_sent..];
        // The first ride on the header; then there is one byte for each message that more of them ride on.
        let riding = if self.n_sent == 0 || self.n_sent == self.length { left } else { &[] };
        let riding = &riding[..riding.len().min(MOST_DESCRIPTORS)];
        let mut slices = Vec::with_capacity(1 + self.parts.len());
        let mut to_skip = self.n_sent;
        for part in std::iter::once(&self.header[..]).chain(self.parts.iter().copied()) {
            let skipped = to_skip.min(part.len());
            to_skip -= skipped;
            if skipped < part.len() {
                slices.push(IoSlice::new(&part[skipped..]));
            }
        }
        if slices.is_empty() {
            slices.push(IoSlice::new(&[0]));
        }
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_DESCRIPTORS))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !riding.is_empty() {
            ancillary.push(SendAncillaryMessage::ScmRights(riding));
        }
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        let n = sendmsg(file, &slices, &mut ancillary, flags)?;
        self.n_descriptors_sent += riding.len();
        if self.n_sent < self.length {
            self.n_sent += n;
        }
        Ok(())
    }
}
