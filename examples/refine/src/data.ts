import type { BaseRecord, DataProvider, HttpError } from '@refinedev/core';
import { authFetch } from './auth';
import { settings } from './settings';

async function call<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await authFetch(`${settings.apiURL}/api${path}`, init);
  const body = (await response.json().catch(() => ({}))) as T & { message?: string };
  if (response.ok) return body;
  throw { message: body.message ?? response.statusText, statusCode: response.status } satisfies HttpError;
}

const none = () => Promise.reject(new Error('The API has no such thing.'));

/** The API lists posts and tells one report; custom is for its answers on demand. */
export const dataProvider: DataProvider = {
  getApiUrl: () => `${settings.apiURL}/api`,
  getList: <T extends BaseRecord>({ resource }: { resource: string }) => call<{ data: T[]; total: number }>(`/${resource}`),
  getOne: <T extends BaseRecord>({ resource }: { resource: string }) => call<{ data: T }>(`/${resource}`),
  custom: ({ url, method }) => call(url, { method: method.toUpperCase() }),
  create: none,
  update: none,
  deleteOne: none,
};
