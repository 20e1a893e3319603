//! URLs of repositories: what is the same about the forms in which one place may be written, and a form that git
//! understands of a place that is known by that alone.

/// `host/path` of any URL form that git knows; a plain path stays one. What travels in clear text (`http`) is another way
/// than the others and keeps its scheme, and `host:/path` is not below the home that `host:path` is below.
pub(crate) fn normalise(url: &str) -> String {
    let place = match url.split_once("://") {
        Some(("file", path)) => path.to_owned(),
        Some((scheme, rest)) => {
            let rest = without_userinfo(rest);
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            // `helper::address` names a program that knows what the address means; all of it counts.
            let helper = if scheme.contains("::") { format!("{scheme}://") } else { String::new() };
            let scheme = scheme.to_lowercase();
            let helper = if scheme == "http" { "http://".to_owned() } else { helper };
            format!("{helper}{}/{path}", without_default_port(authority, &scheme))
        }
        None if url.contains("@[") => {
            let (authority, path) = url.split_once("]:").unwrap_or((url, ""));
            format!("{}]/{path}", without_userinfo(authority).to_lowercase())
        }
        None => match url.split_once(':') {
            // `user@host:path`, unless a slash comes first: then the colon is part of a path.
            Some((authority, path)) if !authority.contains('/') => {
                format!("{}/{path}", without_userinfo(authority).to_lowercase())
            }
            _ => url.to_owned(),
        },
    };
    let place = place.trim_end_matches('/');
    place.strip_suffix(".git").unwrap_or(place).to_owned()
}

/// A URL behind its scheme, from the host on. A password may hold a slash although it should not; what stands before
/// the slash is then no host with a port, and is secret.
pub(crate) fn without_userinfo(rest: &str) -> &str {
    let authority = rest.split_once('/').map_or(rest, |(authority, _)| authority);
    let port = authority.rsplit_once(':').map_or("", |(_, port)| port);
    let is_host = authority.contains('@') || authority.ends_with(']') || port.bytes().all(|byte| byte.is_ascii_digit());
    let searched = if is_host { authority } else { rest };
    searched.rfind('@').map_or(rest, |at| &rest[at + 1..])
}

/// A port counts unless it is the one that its own scheme would take.
fn without_default_port(authority: &str, scheme: &str) -> String {
    let authority = authority.to_lowercase();
    let port = match scheme {
        "ssh" | "git+ssh" | "ssh+git" => ":22",
        "https" => ":443",
        "http" => ":80",
        "git" => ":9418",
        _ => return authority,
    };
    authority.strip_suffix(port).map_or_else(|| authority.clone(), str::to_owned)
}

/// A URL of a place that [`normalise`] told, in the form of `like`, which leads to the same host or to another. There is none
/// for a place below a home that is not this one, and none where `like` tells no form.
pub(crate) fn address(place: &str, like: Option<&str>) -> Option<String> {
    if let Some(like) = like
        && normalise(like) == place
    {
        return Some(without_secret(like));
    }
    if place.starts_with('/') || place.contains("://") {
        return Some(place.to_owned());
    }
    let (host, path) = place.split_once('/')?;
    let like = like?;
    let end = if like.ends_with(".git") { ".git" } else { "" };
    match like.split_once("://") {
        Some((scheme @ ("ssh" | "git+ssh" | "ssh+git"), rest)) => {
            let user = rest.split('/').next()?.rsplit_once('@').map_or("", |(user, _)| user);
            let user =
                user.split(':').next().filter(|user| !user.is_empty()).map_or(String::new(), |user| format!("{user}@"));
            Some(format!("{scheme}://{user}{host}/{path}{end}"))
        }
        Some(("https", _)) => Some(format!("https://{host}/{path}{end}")),
        Some(_) => None,
        None => {
            let (authority, _) = like.split_once(':').filter(|(authority, _)| !authority.contains('/'))?;
            let user = authority.rsplit_once('@').map_or(String::new(), |(user, _)| format!("{user}@"));
            // A port cannot be told in this form.
            match host.rsplit_once(':') {
                Some((_, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
                    Some(format!("ssh://{user}{host}/{path}{end}"))
                }
                _ => Some(format!("{user}{host}:{path}{end}")),
            }
        }
    }
}

/// A URL without what may be a password: git has credentials from its helpers.
pub(crate) fn without_secret(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) if scheme.ends_with("http") || scheme.ends_with("https") => {
            format!("{scheme}://{}", without_userinfo(rest))
        }
        Some((scheme, rest)) => match without_userinfo(rest) {
            whole if whole.len() == rest.len() => url.to_owned(),
            bare => {
                let user = rest.split([':', '@']).next().unwrap_or_default();
                format!("{scheme}://{user}@{bare}")
            }
        },
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{address, normalise};

    #[test]
    fn forms_of_one_place_are_equal_and_lose_their_userinfo() {
        for url in [
            "git@github.com:example/carmenta.git",
            "ssh://git@github.com/example/carmenta",
            "ssh://git@GitHub.com:22/example/carmenta.git",
            "https://user:s3cret@github.com/example/carmenta.git/",
        ] {
            assert_eq!(normalise(url), "github.com/example/carmenta", "{url}");
        }
        assert_eq!(normalise("http://github.com:80/example/carmenta"), "http://github.com/example/carmenta");
        assert_eq!(normalise("https://h.example:22/x"), "h.example:22/x");
        assert_eq!(normalise("ssh://h.example:443/x"), "h.example:443/x");
        assert_ne!(normalise("git@h:/srv/x"), normalise("git@h:srv/x"));
        assert_eq!(normalise("/srv/git/a.git"), "/srv/git/a");
        assert_eq!(normalise("file:///srv/git/a.git"), "/srv/git/a");
        assert_eq!(normalise("./a:b"), "./a:b");
        assert_eq!(normalise("https://example.com:8443/x"), "example.com:8443/x");
        assert_eq!(normalise("https://example.com:8443/@scope/x"), "example.com:8443/@scope/x");
        assert_eq!(normalise("https://jane:p/ss@example.com/x.git"), "example.com/x");
        assert_eq!(normalise("git@[2001:db8::1]:x.git"), "[2001:db8::1]/x");
        assert_eq!(normalise("ssh://git@[2001:db8::1]/x.git"), "[2001:db8::1]/x");
        assert_eq!(normalise("codecommit::eu-west-1://profile@x"), "codecommit::eu-west-1://x");
    }

    #[test]
    fn a_place_is_written_as_its_neighbour_is() {
        let place = "github.com/example/carmenta";
        for (like, form) in [
            ("git@github.com:example/carmenta.git", "git@github.com:example/carmenta.git"),
            ("git@github.com:example/other.git", "git@github.com:example/carmenta.git"),
            ("ssh://git@github.com/example/other", "ssh://git@github.com/example/carmenta"),
            ("https://me:s3cret@github.com/example/carmenta.git", "https://github.com/example/carmenta.git"),
            ("https://me:s3cret@github.com/example/other", "https://github.com/example/carmenta"),
            ("ssh://git:s3cret@github.com/example/carmenta", "ssh://git@github.com/example/carmenta"),
        ] {
            assert_eq!(address(place, Some(like)).as_deref(), Some(form), "{like}");
        }
        assert_eq!(address(place, None), None);
        assert_eq!(address("/srv/git/a", None).as_deref(), Some("/srv/git/a"));
        assert_eq!(address("h:2222/x", Some("git@g:y")).as_deref(), Some("ssh://git@h:2222/x"));
    }
}
