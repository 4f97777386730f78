/** Luhn's checksum over 13–19 digits (ISO/IEC 7812-1, annex B); all-equal digits are no number. */
export function isCardNumber(text: string): boolean {
  const digits = digitsOf(text);
  const sum = digits.reduceRight((total, digit, i) => {
    const doubled = (digits.length - i) % 2 === 0 ? digit * 2 : digit;
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0 && digits.some((digit) => digit !== digits[0]);
}

/** Check digits of ISO 13616: moved to the end, letters as 10–35, the number is 1 modulo 97. */
export function isIban(text: string): boolean {
  const compact = text.replaceAll(' ', '');
  const moved = compact.slice(4) + compact.slice(0, 4);
  let remainder = 0;
  for (const c of moved) {
    const value = parseInt(c, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return compact.length >= 15 && remainder === 1;
}

/** Spanish DNI or NIE: the letter is the number modulo 23; X, Y, Z in front stand for 0, 1, 2. */
export function isSpanishId(text: string): boolean {
  const compact = text.replace(/[ -]/g, '').toUpperCase();
  const number = Number(compact.slice(0, -1).replace(/^[XYZ]/, (c) => `${'XYZ'.indexOf(c)}`));
  return compact.at(-1) === 'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23];
}

/** French social security number: 13 digits and the key 97 − number modulo 97 (2A and 2B, Corsica, as 19 and 18). */
export function isFrenchId(text: string): boolean {
  const compact = text.replace(/ /g, '').toUpperCase();
  const number = BigInt(compact.slice(0, 13).replace('2A', '19').replace('2B', '18'));
  return 97n - (number % 97n) === BigInt(compact.slice(13));
}

/** Brazilian CPF: two check digits, weighted sums modulo 11; all-equal digits are no number. */
export function isCpf(text: string): boolean {
  const digits = digitsOf(text);
  const checkDigit = (length: number): number => {
    const sum = digits.slice(0, length).reduce((total, digit, i) => total + digit * (length + 1 - i), 0);
    return ((sum * 10) % 11) % 10;
  };
  return (
    digits.some((digit) => digit !== digits[0]) &&
    checkDigit(9) === digits[9] &&
    checkDigit(10) === digits[10]
  );
}

/** German tax number (Steuer-IdNr.): eleven digits, the last by ISO 7064 MOD 11,10. */
export function isGermanTaxId(text: string): boolean {
  const digits = digitsOf(text);
  let product = 10;
  for (const digit of digits.slice(0, 10)) {
    const sum = (digit + product) % 10 || 10;
    product = (sum * 2) % 11;
  }
  return digits[0] !== 0 && (11 - product) % 10 === digits[10];
}

function digitsOf(text: string): number[] {
  return [...text].filter((c) => c >= '0' && c <= '9').map(Number);
}
