import { suite } from './refine.mjs';

const dir = 'examples/refine';
const bearer = { 'authd-transport': 'bearer' };

suite('refine v5, authd at another origin', { dir, elsewhere: true });
suite('refine v5, authd at another origin, bearer', { dir, elsewhere: true, meta: bearer });
