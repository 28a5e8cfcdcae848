// Check reads a signed checkpoint and proofs about it from standard input, as JSON, and checks them
// with the Go authors' implementation of transparency logs.  It prints "ok", or says what is wrong
// and exits with 1.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// statement is what is to be checked.  Hashes are in base64, as tlog reads them from JSON.
type statement struct {
	VKey        string           `json:"vkey"`
	Note        string           `json:"note"`
	Leaves      []tlog.Hash      `json:"leaves"` // of the whole tree
	Index       int64            `json:"index"`
	Inclusion   tlog.RecordProof `json:"inclusion"`
	OldSize     int64            `json:"old_size"`
	OldRoot     tlog.Hash        `json:"old_root"`
	Consistency tlog.TreeProof   `json:"consistency"`
}

func main() {
	if err := run(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("ok")
}

func run() error {
	var said statement
	decoder := json.NewDecoder(os.Stdin)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&said); err != nil {
		return fmt.Errorf("statement: %w", err)
	}
	verifier, err := note.NewVerifier(said.VKey)
	if err != nil {
		return fmt.Errorf("key: %w", err)
	}
	opened, err := note.Open([]byte(said.Note), note.VerifierList(verifier))
	if err != nil {
		return fmt.Errorf("note: %w", err)
	}
	tree, err := checkpoint(opened.Text, verifier.Name())
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return check(tree, said)
}

// checkpoint reads the size and root of a tree from the text of its note.
func checkpoint(text, origin string) (tlog.Tree, error) {
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[0] != origin {
		return tlog.Tree{}, fmt.Errorf("not three lines that begin with %s", origin)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

// check compares the root with that of the leaves, and checks the proofs against it.
func check(tree tlog.Tree, said statement) error {
	root, err := rootOf(said.Leaves)
	if err != nil {
		return fmt.Errorf("leaves: %w", err)
	}
	if int64(len(said.Leaves)) != tree.N || root != tree.Hash {
		return fmt.Errorf("root: the leaves have another root or number")
	}
	if said.Index < 0 || said.Index >= tree.N {
		return fmt.Errorf("inclusion: no leaf %d", said.Index)
	}
	leaf := said.Leaves[said.Index]
	if err := tlog.CheckRecord(said.Inclusion, tree.N, tree.Hash, said.Index, leaf); err != nil {
		return fmt.Errorf("inclusion: %w", err)
	}
	err = tlog.CheckTree(said.Consistency, tree.N, tree.Hash, said.OldSize, said.OldRoot)
	if err != nil {
		return fmt.Errorf("consistency: %w", err)
	}
	return nil
}

// rootOf returns the root of the tree of some leaves, by storing it as tlog does.
func rootOf(leaves []tlog.Hash) (tlog.Hash, error) {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			hashes[i] = stored[index]
		}
		return hashes, nil
	})
	for n, leaf := range leaves {
		added, err := tlog.StoredHashesForRecordHash(int64(n), leaf, reader)
		if err != nil {
			return tlog.Hash{}, err
		}
		stored = append(stored, added...)
	}
	return tlog.TreeHash(int64(len(leaves)), reader)
}
