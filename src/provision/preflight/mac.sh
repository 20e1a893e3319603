# What only a person can do on a Mac, as far as the user who asks can see it. A line each: a word, how it stands, and more.
# shellcheck shell=sh

# The developer tools, without which git and python3 open a dialog, and the licence that comes with the whole of Xcode.
if tu_tools=$(xcode-select -p 2>/dev/null) && [ -d "$tu_tools" ]; then
  echo tools well
  case $tu_tools in
    */Xcode*.app/*)
      tu_said=$(xcodebuild -license check 2>&1)
      case $?/$tu_said in
        0/*) echo licence well ;;
        69/* | *"license"*) echo licence open ;;
        *) printf 'licence unknown %s\n' "$(printf '%s\n' "$tu_said" | head -n 1)" ;;
      esac
      ;;
  esac
else
  echo tools open
fi

# Whoever may list this folder may read all of the user's files: nothing else is tried, and nothing is read.
if tu_said=$(ls "$HOME/Library/Application Support/com.apple.TCC" 2>&1 >/dev/null); then
  echo disk well
else
  case $tu_said in
    *'not permitted'*) echo disk open ;;
    *) printf 'disk unknown %s\n' "$(printf '%s\n' "$tu_said" | head -n 1)" ;;
  esac
fi

tu_said=$(fdesetup status 2>&1)
case $tu_said in
  *'FileVault is On'*) echo vault open ;;
  *'FileVault is Off'*) echo vault well ;;
  *) printf 'vault unknown %s\n' "$(printf '%s\n' "$tu_said" | head -n 1)" ;;
esac

# Who is logged in by the Mac itself when it starts.
if tu_said=$(defaults read /Library/Preferences/com.apple.loginwindow autoLoginUser 2>/dev/null) && [ -n "$tu_said" ]; then
  printf 'login well %s\n' "$tu_said"
else
  echo login open
fi

case $(defaults read MobileMeAccounts Accounts 2>/dev/null) in
  *AccountID*) echo account well ;;
  *) echo account open ;;
esac
