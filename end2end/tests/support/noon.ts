// A time zone in which it is about noon: when a test says "today", no midnight comes while it runs.

const ahead = 12 - new Date().getUTCHours();

/** A POSIX name, with the opposite sign: five hours ahead of Greenwich is `Etc/GMT-5`. */
export const NOON = `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`;
