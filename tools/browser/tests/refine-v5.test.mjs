import { suite } from './refine.mjs';

const dir = 'examples/refine';
const bearer = { 'authd-transport': 'bearer' };

suite('refine v5', { dir });
suite('refine v5, bearer', { dir, meta: bearer });
