import { createFetch, createLegacyAuthProvider, loadConfig } from '@authd/client';
import { observed } from './observe';
import { settings } from './settings';

const options = { baseUrl: settings.authURL, transport: settings.transport };

export const authProvider = observed(createLegacyAuthProvider(options));

export const authFetch = createFetch(options);

export const config = () => loadConfig(options);
