/** Host-bound where the browser allows it: no subdomain can plant it (RFC 6265bis §4.1.3.2). */
export const cookieName = (name: string, secure: boolean): string => (secure ? `__Host-${name}` : name)

export interface CookieSettings {
  readonly secure: boolean
  /** 0 removes it. */
  readonly maxAgeSeconds: number
}

/** A `Set-Cookie` value. `Lax`, because the provider's redirect back has to carry it. */
export const setCookie = (name: string, value: string, { secure, maxAgeSeconds }: CookieSettings): string =>
  `${cookieName(name, secure)}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`

/** Undefined also when the browser sends two of the name: one of them was planted, and nobody can say which. */
export function readCookie(header: string | undefined, name: string, secure: boolean): string | undefined {
  const start = `${cookieName(name, secure)}=`
  const found = (header ?? '').split(';').map((part) => part.trim())
  const values = found.filter((part) => part.startsWith(start)).map((part) => part.slice(start.length))
  return values.length === 1 ? values[0] : undefined
}

/** Every cookie whose name begins so, without the host-binding prefix. */
export function cookiesLike(header: string | undefined, prefix: string, secure: boolean) {
  const start = cookieName(prefix, secure)
  return (header ?? '')
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith(start) && /^[\w-]+=/.test(part))
    .map((part) => part.split('=', 2))
    .map(([name = '', value = '']) => ({ name: name.slice(cookieName('', secure).length), value }))
}
