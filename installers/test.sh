#!/bin/sh
# Runs the tests; sets up first what they need.
#
#   sh installers/test.sh                         all but the long ones, in at most 15 minutes on two cores
#   sh installers/test.sh --soak                  the long ones as well
#   sh installers/test.sh tests/web_modules -x    what pytest is told
#
# With CI=true a skipped test fails, unless what it misses may be missing (tests/conftest.py).
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
case ${1-} in
  -h | --help)
    sed -n '2,8s/^# \{0,1\}//p' "$0"
    exit 0
    ;;
esac
sh "$root/installers/setup.sh" --tests
cd "$root"
exec .venv/bin/python -m pytest -n 2 --dist loadgroup "$@"
