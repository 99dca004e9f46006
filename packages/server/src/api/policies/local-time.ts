/** Hours and weekdays as policies read them. */
export function createLocalTime(timeZone: string) {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short', hour: '2-digit', hourCycle: 'h23' })
  const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']
  return (at: number) => {
    const said = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]))
    return { hour: Number(said['hour']), weekday: weekdays.indexOf(said['weekday'] ?? '') + 1 }
  }
}
