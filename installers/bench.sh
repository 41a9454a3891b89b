#!/bin/sh
# Measures Banyan on this machine. On standard output one JSON object a line, the table for people on standard error.
#
#   sh installers/bench.sh              all of them but the last five
#   sh installers/bench.sh NAME         one: shell, lag_p50, lag_p99, fhir, first_load, capture_overhead, fhir_curve,
#                                       first_load_sample, mirror_profile, stalls or mirror
#
# shell measures the window (start_usable, switch_function, switch_patient, memory) beside a bare QtWebEngine
# window and qutebrowser, which it installs;
# stalls how long the window's thread is busy with something else, in ten minutes of work at 50 rows a second;
# fhir measures the FHIR store on SQLite and PostgreSQL, which has to be installed, in about four minutes;
# fhir_curve what its requests cost with 1,000, 10,000 and 50,000 patients, which takes long;
# first_load how fast the bridge mirrors a whole practice, beside the store without a bridge;
# first_load_sample how much memory it takes at 20,000 and at 200,000 rows, in about ten minutes;
# capture_overhead how fast the legacy program writes while the bridge watches, beside the same without;
# mirror_profile where the processor time of a mirrored record goes, part by part, in a minute;
# mirror how fast rows travel both ways, beside Bucardo between two PostgreSQL masters, which it installs.
# A ratio says how many times better than the peer, which is measured in the same run; above 1 is ahead.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
case ${1-} in
  -h | --help)
    sed -n '2,18s/^# \{0,1\}//p' "$0"
    exit 0
    ;;
esac
case " $* " in
  *" mirror "* | *" shell "*) sh "$root/installers/setup.sh" --peers ;;
  *) sh "$root/installers/setup.sh" --tests ;;
esac
cd "$root"
PYTHONPATH="$root:$root/installers" exec .venv/bin/python -m tests.benchmarks "$@"
