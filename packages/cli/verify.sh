#!/usr/bin/env bash
# Checks one entry of a ledger with bash, openssl and coreutils alone; nothing of Countersign's is needed.
#
#   verify.sh <entry>.tlog-proof [<entry> [<key.pem>]]
#
# The proof says: this entry stands at this place in the tree whose head the log signed.
# https://c2sp.org/tlog-proof, https://www.rfc-editor.org/rfc/rfc9162#section-2.1.3.2
set -euo pipefail
proof=${1:?usage: verify.sh <entry>.tlog-proof [<entry> [<key.pem>]]}
entry=${2:-${proof%.tlog-proof}}
key=${3:-$(dirname "$0")/log.pub.pem}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
  echo "FAILED: $1" >&2
  exit 1
}
hex() { od -An -v -tx1 | tr -d ' \n'; }
bytes() { printf "$(printf '%s' "$1" | sed 's/../\\x&/g')"; }
hash() { bytes "$1" | sha256sum | cut -d' ' -f1; }
number() { [[ $1 =~ ^(0|[1-9][0-9]{0,15})$ ]] || fail "$2 is not a number"; }

[ "$(head -n 1 "$proof")" = 'c2sp.org/tlog-proof@v1' ] || fail 'this is not a proof'
index=$(awk '/^index /{print $2; exit}' "$proof")
number "$index" 'the index'
sed '1,/^$/d' "$proof" >"$work/checkpoint"
sed '/^$/,$d' "$work/checkpoint" >"$work/signed"
origin=$(sed -n 1p "$work/signed")
size=$(sed -n 2p "$work/signed")
root=$(sed -n 3p "$work/signed" | base64 -d | hex)
number "$size" 'the size'
((index < size)) || fail 'the index is beyond the tree'

# A signature line is: — <name> base64(<key id, 4 bytes> <signature, 64 bytes>)
{ grep -F -- "— $origin " "$work/checkpoint" || fail 'the log has not signed this'; } |
  head -n 1 | awk '{print $3}' | base64 -d | tail -c 64 >"$work/signature"
openssl pkeyutl -verify -pubin -inkey "$key" -rawin -in "$work/signed" -sigfile "$work/signature" >/dev/null 2>&1 ||
  fail 'the signature of the log'
echo "the log signed this head: $origin, $size entries"

current=$({ printf '\0'; cat "$entry"; } | sha256sum | cut -d' ' -f1)
first=$index
last=$((size - 1))
while read -r line; do
  node=$(printf '%s' "$line" | base64 -d | hex)
  [ "$last" != 0 ] && [ ${#node} = 64 ] || fail 'the proof is malformed'
  if ((first % 2 == 1 || first == last)); then
    current=$(hash "01$node$current")
    while ((first % 2 == 0 && first != 0)); do
      first=$((first / 2)) last=$((last / 2))
    done
  else
    current=$(hash "01$current$node")
  fi
  first=$((first / 2)) last=$((last / 2))
done < <(sed '1,/^index /d;/^$/,$d' "$proof")
[ "$last" = 0 ] && [ "$current" = "$root" ] || fail 'the entry is not in this tree'
echo "entry $index is in it, unaltered"
