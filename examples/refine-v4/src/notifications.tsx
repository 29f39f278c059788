import type { NotificationProvider, OpenNotificationParams } from '@refinedev/core';
import { useSyncExternalStore } from 'react';

type Notice = OpenNotificationParams & { key: string };

let notices: Notice[] = [];
let count = 0;
const listeners = new Set<() => void>();

function set(next: Notice[]) {
  notices = next;
  for (const listener of listeners) listener();
}

const shownFor = 10_000; // milliseconds

/** One notice per key: ten failures of the same kind are one notice. */
export const notificationProvider: NotificationProvider = {
  open: (params) => {
    const notice = { ...params, key: params.key ?? String(++count) };
    set([...notices.filter((other) => other.key !== notice.key), notice]);
    setTimeout(() => set(notices.filter((other) => other !== notice)), shownFor);
  },
  close: (key) => set(notices.filter((notice) => notice.key !== key)),
};

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

export function Notifications() {
  const shown = useSyncExternalStore(subscribe, () => notices);
  return (
    <div role="status">
      {shown.map(({ key, message, description }) => (
        <div key={key} data-testid="notification">
          <strong data-testid="notification-title">{message}</strong> <span data-testid="notification-text">{description}</span>
        </div>
      ))}
    </div>
  );
}
