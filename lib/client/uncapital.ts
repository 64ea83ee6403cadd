/** For a sentence that goes on in the middle of another one. */
export const uncapital = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
