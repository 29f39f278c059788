package session

import (
	"crypto/sha256"
	"hash/maphash"
	"strings"
	"sync"
)

const (
	cacheShards = 16
	// maxCached bounds the tokens that are remembered; each costs about half a kilobyte.
	maxCached = 32 << 10
	// usualSignature is the length of an Ed25519 signature in base64url.
	usualSignature = 86
)

// cache remembers checked access tokens. No token lies in memory: one is known
// by the SHA-256 of its signature, which is what nobody can guess, and a keyed
// hash of all of it, so that it is not found once anything in it is changed.
// (If it were, it would be worth what the signed one is: the claims are those
// that were checked.)
//
// Each shard has two generations: when the young one is full it becomes the old
// one, and what was not used since is forgotten.
type cache struct {
	seed   maphash.Seed
	shards [cacheShards]cacheShard
}

type cacheKey struct {
	signature [sha256.Size]byte
	whole     uint64
}

type cacheShard struct {
	mu         sync.Mutex
	young, old map[cacheKey]*Claims
}

// key tells one token from another. It does not copy a token to the heap.
func (c *cache) key(token string) cacheKey {
	var room [usualSignature]byte
	signature := append(room[:0], token[strings.LastIndexByte(token, '.')+1:]...)
	return cacheKey{sha256.Sum256(signature), maphash.String(c.seed, token)}
}

// get returns claims that nobody may change.
func (c *cache) get(k cacheKey) (*Claims, bool) {
	s := &c.shards[k.signature[0]%cacheShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	if claims, ok := s.young[k]; ok {
		return claims, true
	}
	claims, ok := s.old[k]
	if ok {
		s.put(k, claims)
	}
	return claims, ok
}

func (c *cache) put(k cacheKey, claims *Claims) {
	s := &c.shards[k.signature[0]%cacheShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(k, claims)
}

func (s *cacheShard) put(k cacheKey, claims *Claims) {
	if s.young == nil || len(s.young) >= maxCached/cacheShards/2 {
		s.young, s.old = make(map[cacheKey]*Claims), s.young
	}
	s.young[k] = claims
}
