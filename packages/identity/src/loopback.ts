const names = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Whether a URL may carry tokens: https anywhere, http on this machine alone. */
export const trustworthy = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || (protocol === 'http:' && names.has(hostname))
