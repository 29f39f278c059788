import { suite } from './refine.mjs';

const dir = 'examples/refine';
const bearer = { 'authd-transport': 'bearer' };

suite('refine v5, authd at another origin', { dir, elsewhere: true });
suite('refine v5, authd at another origin, bearer', { dir, elsewhere: true, meta: bearer });
// Another site gets no cookies of ours, however well it is known.
suite('refine v5, authd at another site, bearer', { dir, elsewhere: true, host: '127.0.0.1', meta: bearer });
