// Checks an exported ledger with the Go project's own implementation of signed notes and transparency logs, and nothing
// of Countersign's: golang.org/x/mod/sumdb/{note,tlog}.
//
//	tlogcheck <folder> <vkey> [<kept checkpoint>]
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height, width = 8, 256

func main() {
	log.SetFlags(0)
	folder, vkey := os.Args[1], os.Args[2]
	tree := open(read(filepath.Join(folder, "checkpoint")), vkey)
	leaves := entries(folder, tree.N)

	// Every hash that is read from a tile is checked against the signed root.
	hashes := tlog.TileHashReader(tree, tiles{folder})
	for index, leaf := range leaves {
		proof, err := tlog.ProveRecord(tree.N, int64(index), hashes)
		must(err, "no proof of entry %d", index)
		must(tlog.CheckRecord(proof, tree.N, tree.Hash, int64(index), tlog.RecordHash(leaf)), "entry %d", index)
	}
	checkProofs(folder, vkey)
	if len(os.Args) > 3 {
		kept := open(read(os.Args[3]), vkey)
		if kept.N > tree.N {
			log.Fatalf("FAILED: there were %d entries, now there are %d", kept.N, tree.N)
		}
		proof, err := tlog.ProveTree(tree.N, kept.N, hashes)
		must(err, "no proof that it continues the kept checkpoint")
		must(tlog.CheckTree(proof, tree.N, tree.Hash, kept.N, kept.Hash), "it does not continue the kept checkpoint")
	}
	fmt.Printf("%d entries, each in the tree that the log signed\n", tree.N)
}

// The proofs that were laid out beside the ledger: https://c2sp.org/tlog-proof
func checkProofs(folder, vkey string) {
	paths, err := filepath.Glob(filepath.Join(folder, "entries", "*.tlog-proof"))
	must(err, "the folder")
	for _, path := range paths {
		head, checkpoint, _ := strings.Cut(string(read(path)), "\n\n")
		lines := strings.Split(head, "\n")
		index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
		must(err, path)
		var proof tlog.RecordProof
		for _, line := range lines[2:] {
			var hash tlog.Hash
			bytes, err := base64.StdEncoding.DecodeString(line)
			must(err, path)
			copy(hash[:], bytes)
			proof = append(proof, hash)
		}
		tree := open([]byte(checkpoint), vkey)
		leaf := tlog.RecordHash(read(strings.TrimSuffix(path, ".tlog-proof")))
		must(tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaf), path)
	}
}

func open(text []byte, vkey string) tlog.Tree {
	verifier, err := note.NewVerifier(vkey)
	must(err, "the key")
	signed, err := note.Open(text, note.VerifierList(verifier))
	must(err, "the signature")
	lines := strings.Split(signed.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err, "the size")
	hash, err := tlog.ParseHash(lines[2])
	must(err, "the root")
	return tlog.Tree{N: size, Hash: hash}
}

func entries(folder string, size int64) (leaves [][]byte) {
	for bundle := int64(0); int64(len(leaves)) < size; bundle++ {
		tile := tlog.Tile{H: height, L: -1, N: bundle, W: width}
		if left := size - bundle*width; left < width {
			tile.W = int(left)
		}
		// "tile/8/data/000" there is "tile/entries/000" here.
		bytes := read(filepath.Join(folder, strings.Replace(tile.Path(), "tile/8/data", "tile/entries", 1)))
		for count := 0; count < tile.W; count++ {
			if len(bytes) < 2 || len(bytes) < 2+int(binary.BigEndian.Uint16(bytes)) {
				log.Fatalf("FAILED: bundle %d ends too early", bundle)
			}
			length := int(binary.BigEndian.Uint16(bytes))
			leaves = append(leaves, bytes[2:2+length])
			bytes = bytes[2+length:]
		}
	}
	return leaves
}

// The hashes as files: "tile/8/0/000" there is "tile/0/000" here.
type tiles struct{ folder string }

func (t tiles) Height() int                     { return height }
func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	found := make([][]byte, len(wanted))
	for place, tile := range wanted {
		bytes, err := os.ReadFile(filepath.Join(t.folder, strings.Replace(tile.Path(), "tile/8/", "tile/", 1)))
		if err != nil {
			return nil, err
		}
		found[place] = bytes
	}
	return found, nil
}

func read(path string) []byte {
	bytes, err := os.ReadFile(path)
	must(err, "a file")
	return bytes
}

func must(err error, what string, words ...any) {
	if err != nil {
		log.Fatalf("FAILED: %s: %v", fmt.Sprintf(what, words...), err)
	}
}
