//! Between the library and the network: a pair of sockets, one end of which libssh2 takes for the network, and what
//! carries bytes on from the other end.
//!
//! libssh2 reads until the network is empty and keeps each packet that it has no use for yet. A server that floods would
//! keep it reading, and fill the memory. So it gets what comes in by pieces, and until it is known who the server is
//! there is a limit to how much comes in at all. Nothing runs beside the session for this: bytes are carried when it
//! would have to wait.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use rustix::event::PollFlags;

/// How much is carried at once.
const PIECE: usize = 64 * 1024;
/// How much a server may say before it is known who it is. Agreeing on keys takes some thousand bytes, and a login may
/// show a text.
const STRANGERS_WORDS: usize = 1 << 20;

/// What leads to the server.
pub(super) enum Stream {
    Tcp(TcpStream),
    /// One end of a pair; the other is carried on by a [`super::proxy::FarEnd`].
    Pair(UnixStream),
}

impl Stream {
    pub(super) fn shutdown(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Both),
            Self::Pair(stream) => stream.shutdown(Shutdown::Both),
        }
    }

    fn never_block(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_nonblocking(true),
            Self::Pair(stream) => stream.set_nonblocking(true),
        }
    }

    fn read(&self, piece: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => (&*stream).read(piece),
            Self::Pair(stream) => (&*stream).read(piece),
        }
    }

    fn write(&self, piece: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => (&*stream).write(piece),
            Self::Pair(stream) => (&*stream).write(piece),
        }
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Pair(stream) => stream.as_fd(),
        }
    }
}

/// Carries bytes between the library's end and the network.
pub(super) struct Line {
    stream: Arc<Stream>,
    far: UnixStream,
    outward: Piece,
    inward: Piece,
    /// How much a server that is not known yet has said.
    heard: usize,
    known: bool,
    closed: bool,
    flooded: bool,
}

/// What is on its way.
struct Piece {
    bytes: Vec<u8>,
    left: Range<usize>,
}

impl Piece {
    fn new() -> Self {
        Self { bytes: vec![0; PIECE], left: 0..0 }
    }

    fn is_empty(&self) -> bool {
        self.left.is_empty()
    }
}

/// What came of reading or writing without blocking.
enum Moved {
    Bytes(usize),
    Nothing,
    Closed,
}

fn moved(done: io::Result<usize>) -> Moved {
    match done {
        Ok(0) => Moved::Closed,
        Ok(length) => Moved::Bytes(length),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Moved::Nothing,
        Err(_) => Moved::Closed,
    }
}

impl Line {
    /// The line, and the end of it that is the library's.
    pub(super) fn over(stream: Arc<Stream>) -> io::Result<(Self, UnixStream)> {
        let (near, far) = UnixStream::pair()?;
        near.set_nonblocking(true)?;
        far.set_nonblocking(true)?;
        stream.never_block()?;
        let line = Self {
            stream,
            far,
            outward: Piece::new(),
            inward: Piece::new(),
            heard: 0,
            known: false,
            closed: false,
            flooded: false,
        };
        Ok((line, near))
    }

    /// The server is one that may say as much as it likes.
    pub(super) fn is_known(&mut self) {
        self.known = true;
    }

    /// Whether a stranger said too much.
    pub(super) fn was_flooded(&self) -> bool {
        self.flooded
    }

    /// Sends what the library has said, as far as the network takes it. Says whether the library has room to say more.
    pub(super) fn carry_out(&mut self) -> bool {
        let mut room = false;
        loop {
            if self.outward.is_empty() {
                match moved((&self.far).read(&mut self.outward.bytes)) {
                    Moved::Bytes(length) => self.outward.left = 0..length,
                    Moved::Nothing | Moved::Closed => return true,
                }
                room = true;
            }
            match moved(self.stream.write(&self.outward.bytes[self.outward.left.clone()])) {
                Moved::Bytes(length) => self.outward.left.start += length,
                Moved::Nothing => return room,
                Moved::Closed => {
                    self.outward.left = 0..0;
                    self.close();
                    return true;
                }
            }
        }
    }

    /// Gives the library a piece of what has come in, if it takes any. Says whether there was any, or the end.
    pub(super) fn carry_in(&mut self) -> bool {
        if self.closed && self.inward.is_empty() {
            return true;
        }
        if self.inward.is_empty() {
            match moved(self.stream.read(&mut self.inward.bytes)) {
                Moved::Bytes(length) => self.inward.left = 0..length,
                Moved::Nothing => return false,
                Moved::Closed => {
                    self.close();
                    return true;
                }
            }
            if !self.known {
                self.heard += self.inward.left.len();
                if self.heard > STRANGERS_WORDS {
                    self.inward.left = 0..0;
                    self.flooded = true;
                    self.close();
                    return true;
                }
            }
        }
        match moved((&self.far).write(&self.inward.bytes[self.inward.left.clone()])) {
            Moved::Bytes(length) => {
                self.inward.left.start += length;
                true
            }
            Moved::Nothing => false,
            Moved::Closed => true,
        }
    }

    /// The library shall see the end, after what it has not read yet.
    fn close(&mut self) {
        self.closed = true;
        // It may be closed already, which is as good.
        drop(self.far.shutdown(Shutdown::Write));
    }

    /// What to wait for: of the network, and of the library's end.
    pub(super) fn awaits(&self, listening: bool) -> [(BorrowedFd<'_>, PollFlags); 2] {
        let (mut network, mut library) = (PollFlags::empty(), PollFlags::empty());
        if !self.outward.is_empty() {
            network |= PollFlags::OUT;
        }
        if listening && self.inward.is_empty() {
            network |= PollFlags::IN;
        }
        if listening && !self.inward.is_empty() {
            library |= PollFlags::OUT;
        }
        [(self.stream.as_fd(), network), (self.far.as_fd(), library)]
    }
}
