import { createAuthProvider, createFetch, createLegacyAuthProvider, loadConfig } from '@authd/client';
import { observed } from './observe';
import { legacy, settings } from './settings';

const options = { baseUrl: settings.authURL, transport: settings.transport };

/** Props for <Refine>: the provider of v4, or the one of v3 under its own name. */
export const provider = legacy
  ? { legacyAuthProvider: observed(createLegacyAuthProvider(options)) }
  : { authProvider: observed(createAuthProvider(options)) };

export const authFetch = createFetch(options);

export const config = () => loadConfig(options);
