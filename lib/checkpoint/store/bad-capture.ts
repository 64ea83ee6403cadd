/** What came is no capture: cut short, or against its own words. */
export class BadCapture extends Error {
  override readonly name = "BadCapture";
}
