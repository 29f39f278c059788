import { suite } from './refine.mjs';

const dir = 'examples/refine-v4';

suite('refine v4', { dir });
suite('refine v4 with legacyAuthProvider', { dir, meta: { 'auth-provider': 'legacy' }, legacy: true });
