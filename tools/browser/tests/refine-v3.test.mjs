import { suite } from './refine.mjs';

suite('refine v3', { dir: 'examples/refine-v3', legacy: true, keepsLoginError: true });
