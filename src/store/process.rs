//! Whether the process that began a run is still the one with its number: numbers are used again, start times are not.
#![expect(clippy::disallowed_methods, reason = "IO edge: looks at the system's processes")]

use std::io;

/// What tells this process from a later one with the same number. On Linux the boot's id and the process's start time;
/// elsewhere nothing is known beyond the number, and the token is empty.
pub fn process_token(pid: u32) -> io::Result<Option<String>> {
    if !cfg!(target_os = "linux") {
        return Ok(is_there(pid).then(String::new));
    }
    let stat = match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => stat,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        // ESRCH: it ended between opening and reading.
        Err(error) if error.raw_os_error() == Some(3) => return Ok(None),
        Err(error) => return Err(error),
    };
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
    let not_understood = || io::Error::new(io::ErrorKind::InvalidData, format!("/proc/{pid}/stat is not understood"));
    Ok(start_time(&stat).ok_or_else(not_understood)?.map(|start| format!("{}:{start}", boot.trim())))
}

/// Whether that very process still runs. One that cannot be looked at counts as running: a run is called lost only when
/// its controller is known to be gone.
pub fn is_alive(pid: u32, token: &str) -> bool {
    process_token(pid).map_or(true, |now| now.as_deref() == Some(token))
}

/// Field 22 of `/proc/<pid>/stat`; the inner none is a process that has ended and was not yet collected. The name in
/// field 2 may hold anything, so fields are counted after its last parenthesis.
fn start_time(stat: &str) -> Option<Option<&str>> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?;
    let start = fields.nth(18).filter(|field| field.bytes().all(|byte| byte.is_ascii_digit()))?;
    Some((!matches!(state, "Z" | "X" | "x")).then_some(start))
}

/// Whether a process has this number at all.
fn is_there(pid: u32) -> bool {
    let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) else { return false };
    // Somebody else's process may not be signalled, but it is there.
    !matches!(rustix::process::test_kill_process(pid), Err(rustix::io::Errno::SRCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_time_is_found_behind_a_name_that_imitates_fields() {
        let stat = "17 (a) S 1 (b) S 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 777 21 22";
        assert_eq!(start_time(stat), Some(Some("777")));
        assert_eq!(start_time(&stat.replace(") S 2", ") Z 2")), Some(None));
        assert_eq!(start_time("17 (a) S 1 2"), None);
        assert_eq!(start_time(""), None);
    }

    #[test]
    fn this_process_is_alive_and_one_with_its_number_but_another_start_is_not() {
        let pid = std::process::id();
        let token = process_token(pid).unwrap().unwrap();
        assert!(is_alive(pid, &token));
        assert!(!is_alive(pid, "another boot:1"));
    }

    #[test]
    fn a_process_that_has_ended_is_gone_even_before_it_is_collected() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let token = process_token(child.id()).unwrap().unwrap();
        assert!(is_alive(child.id(), &token));
        child.kill().unwrap();
        // It stays in the process table until it is waited for, which the signal's effect may precede by a moment.
        let gone = (0..200).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(10));
            !is_alive(child.id(), &token)
        });
        assert!(gone || !cfg!(target_os = "linux"));
        child.wait().unwrap();
        assert!(!is_alive(child.id(), &token));
        assert!(is_there(std::process::id()) && !is_there(child.id()));
    }
}
