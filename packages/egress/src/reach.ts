/**
 * Where an address lies, and whether it may be called.
 *
 * @module
 */
import { BlockList, isIP } from 'node:net'

/** `named`: an operator wrote down that this origin may lie in a private network. */
export function mayBeCalled(address: string, hostname: string, named: boolean): boolean {
  switch (reachOf(address)) {
    case 'public':
      return true
    case 'private':
      return named
    case 'special':
      return named && address === hostname
  }
}

/** `special` addresses are called only where the origin spells out the address itself; no name may lead to them. */
export function reachOf(address: string): 'public' | 'private' | 'special' {
  switch (isIP(address)) {
    case 4:
      if (special4.check(address)) return 'special'
      return private4.check(address) ? 'private' : 'public'
    case 6:
      if (special6.check(address, 'ipv6')) return 'special'
      if (private6.check(address, 'ipv6')) return 'private'
      return public6.check(address, 'ipv6') ? 'public' : 'special'
    default:
      return 'special'
  }
}

// https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry. One list per family: a list
// with `::ffff:0:0/96` in it matches every IPv4 address.
const private4 = blockList('10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 172.16.0.0/12 192.168.0.0/16')
const private6 = blockList('::1/128 fc00::/7')
const public6 = blockList('2000::/3')
/** Link-local, documentation, multicast, and the metadata services of the clouds. */
const special4 = blockList(`0.0.0.0/8 169.254.0.0/16 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 198.18.0.0/15
  198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 100.100.100.200/32 168.63.129.16/32`)
/** The same, and the forms that hide an IPv4 address. */
const special6 = blockList(`::/128 ::ffff:0:0/96 64:ff9b::/96 64:ff9b:1::/48 2001::/23 2001:db8::/32 2002::/16
  3fff::/20 fe80::/10 ff00::/8 fd00:ec2::254/128`)

function blockList(ranges: string): BlockList {
  const list = new BlockList()
  for (const range of ranges.split(/\s+/)) {
    const [network = '', prefix] = range.split('/')
    list.addSubnet(network, Number(prefix), network.includes(':') ? 'ipv6' : 'ipv4')
  }
  return list
}

/** As `node:net` has it: an IPv6 address without its brackets. */
export const bare = (hostname: string): string => hostname.replace(/^\[(.*)\]$/, '$1')
