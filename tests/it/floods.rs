//! Machines that pour out before anybody knows who they are: what trueup keeps of that has a limit, not only how long it
//! listens.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use crate::support::trueup::Project;

/// What trueup may hold in memory at the most.
const LIMIT: usize = 150 << 20;

/// A server that says `first`, and then `piece` until nobody listens any more.
fn flood(first: Vec<u8>, piece: Vec<u8>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (mut client, first) = (client.unwrap(), first.clone());
            let many = piece.repeat((1 << 20) / piece.len() + 1);
            std::thread::spawn(move || -> std::io::Result<()> {
                client.write_all(&first)?;
                let mut reader: TcpStream = client.try_clone()?;
                std::thread::spawn(move || reader.read_to_end(&mut Vec::new()));
                loop {
                    client.write_all(&many)?;
                }
            });
        }
    });
    port
}

/// A packet that is not encrypted yet: its length, that of the padding, its type, what it holds, the padding.
fn packet(kind: u8, content: usize) -> Vec<u8> {
    let padding = 8 - (4 + 1 + 1 + content) % 8 + 8;
    let length = u32::try_from(1 + 1 + content + padding).unwrap();
    let mut packet = length.to_be_bytes().to_vec();
    packet.extend([u8::try_from(padding).unwrap(), kind]);
    packet.resize(packet.len() + content + padding, 0);
    packet
}

/// The most that a process has held in memory, in bytes; none once it has ended.
fn most_memory(process: u32) -> Option<usize> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024)
}

#[test]
#[cfg(target_os = "linux")]
fn a_server_that_floods_before_it_is_known_costs_neither_memory_nor_time() {
    const BANNER: &[u8] = b"SSH-2.0-OpenSSH_9.9\r\n";
    let after_banner = |piece: Vec<u8>| flood(BANNER.to_vec(), piece);
    let mut floods = vec![
        ("text without an end".to_owned(), flood(Vec::new(), b"x".to_vec())),
        ("lines before the banner".to_owned(), flood(Vec::new(), b"welcome to a machine that talks\r\n".to_vec())),
        ("a banner without an end".to_owned(), flood(b"SSH-2.0-".to_vec(), b"x".to_vec())),
        ("the longest packet there can be".to_owned(), after_banner(vec![0xff; 64])),
        ("a packet of 2 GiB".to_owned(), flood([BANNER, &[0x7f, 0xff, 0xff, 0xf0, 6, 20]].concat(), vec![0; 64])),
        ("a packet of 200 MiB".to_owned(), flood([BANNER, &[12, 0x80, 0, 0, 6, 20]].concat(), vec![0; 64])),
    ];
    // Some libssh2 throws away, some end the session, and the most it keeps for whoever may want them.
    for kind in [1, 2, 3, 4, 7, 20, 21, 31, 52, 60, 80, 90, 94, 99, 200] {
        for content in [4, 30_000] {
            floods.push((format!("packets of type {kind} with {content} bytes"), after_banner(packet(kind, content))));
        }
    }
    for (what, port) in floods {
        let project = Project::with_spec(&format!(
            "version = 1\nname = \"dev\"\nreference = \"vm\"\n[targets.vm]\nkind = \"vm\"\nssh = \"me@127.0.0.1:{port}\"\n\
             [limits]\nconnect = \"2s\"\n[tools]\nsh = \"present\"\n"
        ));
        let start = Instant::now();
        let child = project.trueup(&["check", "vm"]).start();
        let mut most = 0;
        while let Some(memory) = most_memory(child.id()) {
            most = memory.max(most);
            std::thread::sleep(Duration::from_millis(5));
        }
        let took = start.elapsed();
        let ran = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&ran.stdout);
        assert_eq!(ran.status.code(), Some(3), "{what}: {said}");
        assert!(most < LIMIT, "{what}: {} MiB", most >> 20);
        assert!(took < Duration::from_secs(4), "{what}: {took:?}");
        let reason =
            said.lines().find_map(|line| line.split_once(&format!("the SSH handshake on 127.0.0.1:{port} failed: ")));
        let (_, reason) = reason.unwrap_or_else(|| panic!("{what}: {said}"));
        let reasons = [
            // libssh2 takes text before the banner a byte at a time, which on a busy machine takes longer than the limit.
            "it took longer than the time limit",
            "it said more than 1 MiB before it was known who it is",
            "Unable to exchange encryption keys",
            "the connection was closed by the other side or the network",
        ];
        assert!(reasons.contains(&reason), "{what}: {reason}");
    }
}
