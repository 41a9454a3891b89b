#!/bin/sh
# Opens a reference practice: the legacy program and the cloud modules in one window. Sets up first what it needs.
#
#   sh installers/run.sh                             a practice with 200 invented patients
#   sh installers/run.sh --extract DIR               a practice filled from an EMIS-shaped extract
#   sh installers/run.sh --training                  the training environment
#   sh installers/run.sh --reset                     throw away the practice first and fill it anew
#   sh installers/run.sh --today YYYY-MM-DD          what day it is in the environment
#   sh installers/run.sh --check [--screenshots DIR] the same without a person, and proof that it works
#   sh installers/run.sh --gallery DIR               a picture of every state of the window
#
# What it keeps lies under $XDG_STATE_HOME/banyan (without that variable: ~/.local/state/banyan).
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
tests=
for argument in "$@"; do
  case $argument in
    -h | --help)
      sed -n '2,12s/^# \{0,1\}//p' "$0"
      exit 0
      ;;
    --check | --gallery) tests=--tests ;;
  esac
done
sh "$root/installers/setup.sh" $tests
PYTHONPATH="$root/installers${PYTHONPATH:+:$PYTHONPATH}" exec "$root/.venv/bin/python" -m demo "$@"
