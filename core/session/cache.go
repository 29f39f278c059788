package session

import (
	"crypto/sha256"
	"sync"
)

const (
	cacheShards = 16
	// maxCached bounds the tokens that are remembered; each costs about half a kilobyte.
	maxCached = 32 << 10
)

// cache remembers checked access tokens by their hash, so that no token lies
// in memory. Each shard has two generations: when the young one is full it
// becomes the old one, and what was not used since is forgotten.
type cache struct {
	shards [cacheShards]cacheShard
}

type cacheKey [sha256.Size]byte

type cacheShard struct {
	mu         sync.Mutex
	young, old map[cacheKey]*Claims
}

// get returns claims that nobody may change.
func (c *cache) get(k cacheKey) (*Claims, bool) {
	s := &c.shards[k[0]%cacheShards]
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
	s := &c.shards[k[0]%cacheShards]
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
