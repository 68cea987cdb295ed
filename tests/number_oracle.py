#!/usr/bin/env python3
"""Judge number_calc with Python's decimal.

usage: number_oracle.py NUMBER_CALC [COUNT]

Sends COUNT random calculations to the program and computes each again: with
exact decimals, or, where 18 digits do not hold the result, with the double
that is nearest to the exact one.  Prints the first difference and exits 1.
"""

import decimal
import fractions
import math
import random
import subprocess
import sys

DIGITS = 18
decimal.getcontext().prec = 400


def draw(rng):
    """A random decimal as (coefficient, scale), small ones more often."""
    coef = rng.randrange(10 ** rng.randint(1, DIGITS))
    if rng.random() < 0.3:
        coef -= coef % 10 ** rng.randint(0, 9)
    if rng.random() < 0.5:
        coef = -coef
    return coef, rng.choice((0, 0, 1, 2, rng.randint(0, DIGITS)))


def write(coef, scale):
    """The canonical text of a decimal."""
    digits = str(abs(coef)).rjust(scale + 1, "0")
    sign = "-" if coef < 0 else ""
    if scale == 0:
        return sign + digits
    return f"{sign}{digits[:-scale]}.{digits[-scale:]}"


def write_double(value):
    """The canonical text of a double: shortest, positional from 1e-7 to 1e21."""
    if value == 0:
        return "0"
    if 1e-7 <= abs(value) < 1e21:
        return format(decimal.Decimal(repr(value)).normalize(), "f")
    mantissa, exponent = f"{decimal.Decimal(repr(value)).normalize():e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def nearest(exact):
    """The double nearest to a fraction."""
    return exact.numerator / exact.denominator


def settle(coef, scale):
    """A decimal if it fits without its trailing zeros, else a double."""
    exact = fractions.Fraction(coef, 10**scale)
    while (abs(coef) >= 10**DIGITS or scale > DIGITS) and scale > 0 and coef % 10 == 0:
        coef //= 10
        scale -= 1
    if abs(coef) < 10**DIGITS and scale <= DIGITS:
        return write(coef, scale)
    return write_double(nearest(exact))


def divide(a, b):
    """Exact with the shortest scale; None: a double, within an ulp or two."""
    if b[0] == 0:
        return "zero"
    exact = fractions.Fraction(a[0] * 10 ** b[1], b[0] * 10 ** a[1])
    for scale in range(DIGITS + 1):
        shifted = exact * 10**scale
        if abs(shifted) >= 10**DIGITS:
            break
        if shifted.denominator == 1:
            return write(int(shifted), scale)
    return exact


def round_places(value, places):
    """Half away from zero, with at most places decimals."""
    coef, scale = value
    if places >= scale:
        return write(coef, scale)
    unit = 10 ** (scale - places)
    coef = (abs(coef) * 2 + unit) // (2 * unit) * (1 if coef > 0 else -1)
    return settle(coef, places) if places >= 0 else settle(coef * 10**-places, 0)


def expected(a, op, b):
    """What the program must answer."""
    top = max(a[1], b[1])
    x, y = a[0] * 10 ** (top - a[1]), b[0] * 10 ** (top - b[1])
    if op == "+":
        return settle(x + y, top)
    if op == "-":
        return settle(x - y, top)
    if op == "*":
        return settle(a[0] * b[0], a[1] + b[1])
    if op == "/":
        return divide(a, b)
    if op == "%":
        if y == 0:
            return "zero"
        return settle(int(math.copysign(1, x)) * (abs(x) % abs(y)), top)
    if op == "c":
        return str((x > y) - (x < y))
    if op == "r":
        return round_places(a, b[0])
    places = b[0]
    value = decimal.Decimal(a[0]).scaleb(-a[1])
    unit = decimal.Decimal(1).scaleb(-places)
    text = format(value.quantize(unit, decimal.ROUND_HALF_UP), "f")
    return text.lstrip("-") if not text.strip("-0.") else text


def agrees(want, got):
    """Is the answer right?  A quotient that is no decimal may be off by 2 ulp."""
    if isinstance(want, fractions.Fraction):
        value = nearest(want)
        return (
            abs(float(got) - value) <= 2 * math.ulp(value)
            and write_double(float(got)) == got
        )
    return want == got


def doubles(rng, count):
    """Texts of doubles and how they must print."""
    for _ in range(count):
        value = math.ldexp(rng.random() + 0.5, rng.randint(-1000, 1000))
        if rng.random() < 0.3:
            value = math.ldexp(1.0, rng.randint(-1074, 1023))
        exact = decimal.Decimal(value).normalize().as_tuple()
        digits = len(exact.digits) + max(exact.exponent, 0)
        if digits > DIGITS or exact.exponent < -DIGITS:
            yield f"{value:.40e}", write_double(value)


def main():
    calc, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200000
    rng = random.Random(20)
    lines, wants = [], []
    for _ in range(count):
        a, b, op = draw(rng), draw(rng), rng.choice("+-*/%crf")
        if op == "r":
            b = rng.randint(-18, 20), 0
        elif op == "f":
            b = rng.randint(0, 40), 0
        lines.append(f"{write(*a)} {op} {write(*b)}")
        wants.append(expected(a, op, b))
    for text, want in doubles(rng, count // 4):
        lines.append(f"{text} p 0")
        wants.append(want)
    answer = subprocess.run(
        [calc], input="\n".join(lines), stdout=subprocess.PIPE, text=True, check=True
    )
    gots = answer.stdout.splitlines()
    if len(gots) != len(wants):
        sys.exit(f"{len(gots)} answers to {len(wants)} questions")
    for line, want, got in zip(lines, wants, gots):
        if not agrees(want, got):
            sys.exit(f"{line}: expected {want}, got {got}")
    print(f"{len(wants)} agree")


if __name__ == "__main__":
    main()
