#!/usr/bin/env bash
# Checks a ledger with bash, openssl and coreutils alone; nothing of Countersign's is needed.
#
#   verify.sh <entry>.tlog-proof [<entry> [<key.pem>]]   one entry: it stands at this place under the head the log signed
#   verify.sh <folder> [<kept checkpoint> [<key.pem>]]   all of them, and that they continue a checkpoint kept from before
#
# https://c2sp.org/tlog-proof, https://c2sp.org/tlog-tiles, https://www.rfc-editor.org/rfc/rfc9162#section-2.1
set -euo pipefail
subject=${1:?usage: verify.sh <entry>.tlog-proof [<entry> [<key.pem>]], or verify.sh <folder> [<kept checkpoint> [<key.pem>]]}
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
leaf() { { printf '\0'; cat; } | sha256sum | cut -d' ' -f1; }
number() { [[ $1 =~ ^(0|[1-9][0-9]{0,15})$ ]] || fail "$2 is not a number"; }

# Sets origin, size and root to what this checkpoint says, if the log has signed it.
open_checkpoint() {
  sed '/^$/,$d' "$1" >"$work/signed"
  origin=$(sed -n 1p "$work/signed")
  size=$(sed -n 2p "$work/signed")
  root=$(sed -n 3p "$work/signed" | base64 -d | hex)
  number "$size" 'the size'
  # A signature line is: — <name> base64(<key id, 4 bytes> <signature, 64 bytes>)
  { grep -F -- "— $origin " "$1" || fail 'the log has not signed this'; } |
    head -n 1 | awk '{print $3}' | base64 -d | tail -c 64 >"$work/signature"
  openssl pkeyutl -verify -pubin -inkey "$key" -rawin -in "$work/signed" -sigfile "$work/signature" >/dev/null 2>&1 ||
    fail 'the signature of the log'
  echo "the log signed this head: $origin, $size entries"
}

verify_entry() {
  local proof=$subject entry=$1
  [ "$(head -n 1 "$proof")" = 'c2sp.org/tlog-proof@v1' ] || fail 'this is not a proof'
  index=$(awk '/^index /{print $2; exit}' "$proof")
  number "$index" 'the index'
  sed '1,/^$/d' "$proof" >"$work/checkpoint"
  open_checkpoint "$work/checkpoint"
  ((index < size)) || fail 'the index is beyond the tree'

  current=$(leaf <"$entry")
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
}

# The roots of the full subtrees so far, the largest first.
declare -a peaks=()
push() {
  local node=$1 place=$2
  while ((place % 2 == 1)); do
    node=$(hash "01${peaks[-1]}$node")
    unset 'peaks[-1]'
    place=$((place / 2))
  done
  peaks+=("$node")
}
root_of_peaks() {
  local node=${peaks[-1]} place
  for ((place = ${#peaks[@]} - 2; place >= 0; place--)); do node=$(hash "01${peaks[place]}$node"); done
  echo "$node"
}

# 1234067 is x001/x234/067
bundle_path() {
  local rest=$(($1 / 1000)) path
  printf -v path '%03d' $(($1 % 1000))
  while ((rest > 0)); do
    printf -v path 'x%03d/%s' $((rest % 1000)) "$path"
    rest=$((rest / 1000))
  done
  echo "$subject/tile/entries/$path"
}

# So many bytes of this bundle, from where we are in it.
piece() { dd if="$bundle" iflag=skip_bytes,count_bytes skip="$offset" count="$1" status=none; }

verify_all() {
  local kept_size=0 kept_root='' count=0 bundle offset left length
  if [ -n "$1" ]; then
    open_checkpoint "$1"
    kept_size=$size kept_root=$root
  fi
  open_checkpoint "$subject/checkpoint"
  ((size > 0)) || fail 'there are no entries'
  ((kept_size <= size)) || fail "there were $kept_size entries, now there are $size"
  while ((count < size)); do
    bundle=$(bundle_path $((count / 256)))
    left=$((size - count))
    ((left >= 256)) && left=256 || bundle=$bundle.p/$left
    offset=0
    for (( ; left > 0; left--)); do
      length=$(piece 2 | od -An -tu1 | awk 'NF == 2 {print $1 * 256 + $2}')
      [ -n "$length" ] || fail "$bundle ends too early"
      offset=$((offset + 2))
      push "$(piece "$length" | leaf)" "$count"
      offset=$((offset + length)) count=$((count + 1))
      if ((count == kept_size)); then
        [ "$(root_of_peaks)" = "$kept_root" ] || fail 'the first entries are not those of the kept checkpoint'
        echo "it continues the kept checkpoint of $kept_size entries"
      fi
    done
    ((offset == $(wc -c <"$bundle"))) || fail "$bundle has more in it than it should"
  done
  [ "$(root_of_peaks)" = "$root" ] || fail 'the entries are not those of this tree'
  echo "all $size entries are in it, unaltered and in this order"
}

if [ -d "$subject" ]; then verify_all "${2:-}"; else verify_entry "${2:-${subject%.tlog-proof}}"; fi
