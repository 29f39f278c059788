// Package config turns YAML files, the environment and flags into typed,
// validated options, and says everything that is wrong with them in one report
// with positions.
//
// It owns the keys of the configuration, their defaults ([Default]) and the
// texts about mistakes in them. It is the only importer of koanf and of a YAML
// parser. It knows no kind of strategy, they are handed in, and nothing of
// HTTP; it opens no store and makes no remote call.
//
// A reader wants [Load] first, then [Config]. Inside, one value takes this
// way: parse.go makes a tree of nodes that know their place, layers.go lets
// koanf lay the trees of all sources over each other, decode.go puts the
// merged tree into the structs, check.go asks the registry about the result.
package config
