// A time zone in which it is about noon: where a test says "today", no midnight comes while it runs.

const ahead = 12 - new Date().getUTCHours();

/** Named by POSIX, with the signs the other way round: five hours ahead of Greenwich is `Etc/GMT-5`. */
export const NOON = `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`;
