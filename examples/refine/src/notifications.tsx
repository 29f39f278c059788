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
    <div className="notices" role="status" aria-live="polite">
      {shown.map(({ key, type, message, description }) => (
        <div key={key} className={`notice ${type}`} data-testid="notification">
          <div>
            <strong data-testid="notification-title">{message}</strong>
            {description && <p data-testid="notification-text">{description}</p>}
          </div>
          <button type="button" aria-label="Close" onClick={() => notificationProvider.close(key)}>
            ×
          </button>
        </div>
      ))}
    </div>
  );
}
