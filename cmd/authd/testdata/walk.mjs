// Walks the guide's provider through the life of a session. Node's fetch keeps
// no cookies, so this one does.
import assert from "node:assert/strict";

const jar = new Map();
const plainFetch = globalThis.fetch;
globalThis.location = { pathname: "/posts" };
globalThis.fetch = async (url, options) => {
  assert.equal(options.credentials, "include");
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
  const response = await plainFetch(url, { ...options, headers: { ...options.headers, cookie } });
  for (const line of response.headers.getSetCookie()) {
    const [name, value] = line.split(";")[0].split("=");
    if (value) jar.set(name, value);
    else jar.delete(name);
  }
  return response;
};

const { authProvider: p } = await import("./authProvider.mjs");

assert.equal((await p.check()).authenticated, false);
assert.equal((await p.check()).redirectTo, "/login");
assert.equal(await p.getIdentity(), null);
assert.equal(await p.getPermissions(), null);

const wrong = await p.login({ email: "john@mail.com", password: "wrong" });
assert.equal(wrong.success, false);
assert.equal(wrong.error.name, "Login failed");

const right = await p.login({ email: "John@Mail.com", password: "demo", remember: true });
assert.equal(right.success, true);
assert.equal(right.redirectTo, "/");
assert.equal(right.accessToken, undefined, "the cookie transport shows no token");
assert.deepEqual(await p.check(), { authenticated: true });
assert.equal((await p.getIdentity()).name, "John Doe");
assert.deepEqual(await p.getPermissions(), ["admin"]);

assert.deepEqual(await p.onError({ statusCode: 500 }), {});
const refreshed = await p.onError({ response: { status: 401 } });
assert.equal(refreshed.logout, undefined, "a live session is refreshed, not ended");

const taken = await p.register({ email: "new@mail.com", password: "a long password" });
assert.equal(taken.success, true);
assert.equal((await p.register({ email: "new@mail.com", password: "a long password" })).code, "conflict");
assert.ok((await p.forgotPassword({ email: "new@mail.com" })).successNotification);
assert.equal((await p.updatePassword({ password: "x", confirmPassword: "y" })).code, "invalid_input");

assert.equal((await p.logout()).redirectTo, "/login");
assert.equal((await p.check()).authenticated, false);
assert.equal((await p.onError({ statusCode: 401 })).logout, true);
console.log("walked");
