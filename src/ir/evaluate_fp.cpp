// SPDX-License-Identifier: Apache-2.0
#include "ir/evaluate_ops.h"
#include "ir/fp_shapes.h"

namespace kelvin::ir::meaning {

namespace {

template <class F>
constexpr fp::Bits<F> kSign = static_cast<fp::Bits<F>>(fp::Bits<F>{1} << (F::kExponentBits + F::kFractionBits));

/// The op on every element of its shape, zeros above: `function(format, element index, environment)` gives its bits.
template <class Function>
Datum each(Input in, Function function) {
    FpEnvironment environment(in.fp);
    V128 result{};
    with_format(in.op.shape(), [&]<class F>(F format) {
        for (unsigned i = 0; i < fp_lanes(in.op.shape()); ++i) {
            set_fp_element<F>(result, i, static_cast<fp::Bits<F>>(function(format, i, environment.value)));
        }
    });
    return vector_result(result);
}

/// As above, with `function(format, a, b, environment)`.
template <class Function>
Datum each_pair(Input in, Function function) {
    return each(in, [&]<class F>(F format, unsigned i, fp::Environment& environment) {
        return function(format, fp_element<F>(in.va(), i), fp_element<F>(in.vb(), i), environment);
    });
}

/// A comparison's mask.
template <class F>
fp::Bits<F> all_if(bool condition) {
    return static_cast<fp::Bits<F>>(condition ? ~u64{0} : 0);
}

/// The attributes in imm of the conversions.
fp::Rounding rounding(const Op& op) {
    return static_cast<fp::Rounding>(op.imm & 7);
}
bool is_unsigned(const Op& op) {
    return bit(op.imm, 3);
}
unsigned fraction_bits(const Op& op) {
    return static_cast<unsigned>(bits(op.imm, 15, 8));
}

template <class F>
fp::Bits<F> from_integer(const Op& op, u64 value, unsigned width, fp::Environment& environment) {
    return is_unsigned(op) ? fp::from_unsigned<F>(value & low_mask(width), fraction_bits(op), environment)
                           : fp::from_signed<F>(sign_extend(value, width), fraction_bits(op), environment);
}

template <class To, class From>
fp::Bits<To> convert_format(fp::Bits<From> value, fp::Environment& environment) {
    if constexpr (std::is_same_v<To, From>) {
        return value;
    } else {
        return fp::convert<To, From>(value, environment);
    }
}

}  // namespace

Datum fadd(Input in) {
    return each_pair(in, []<class F>(F, auto a, auto b, auto& environment) { return fp::add<F>(a, b, environment); });
}
Datum fsub(Input in) {
    return each_pair(in, []<class F>(F, auto a, auto b, auto& environment) { return fp::sub<F>(a, b, environment); });
}
Datum fmul(Input in) {
    return each_pair(in, []<class F>(F, auto a, auto b, auto& environment) { return fp::mul<F>(a, b, environment); });
}
Datum fmulx(Input in) {
    return each_pair(in, []<class F>(F, auto a, auto b, auto& environment) { return fp::mulx<F>(a, b, environment); });
}
Datum fdiv(Input in) {
    return each_pair(in, []<class F>(F, auto a, auto b, auto& environment) { return fp::div<F>(a, b, environment); });
}
Datum fmin(Input in) {
    return each_pair(in, []<class F>(F, auto a, auto b, auto& environment) { return fp::min<F>(a, b, environment); });
}
Datum fmax(Input in) {
    return each_pair(in, []<class F>(F, auto a, auto b, auto& environment) { return fp::max<F>(a, b, environment); });
}
Datum fminnm(Input in) {
    return each_pair(in, []<class F>(F, auto a, auto b, auto& environment) { return fp::minnm<F>(a, b, environment); });
}
Datum fmaxnm(Input in) {
    return each_pair(in, []<class F>(F, auto a, auto b, auto& environment) { return fp::maxnm<F>(a, b, environment); });
}
Datum fcmpeq(Input in) {
    return each_pair(in, []<class F>(F, auto a, auto b, auto& environment) {
        return all_if<F>(fp::compare_eq<F>(a, b, environment));
    });
}
Datum fcmpge(Input in) {
    return each_pair(in, []<class F>(F, auto a, auto b, auto& environment) {
        return all_if<F>(fp::compare_ge<F>(a, b, environment));
    });
}
Datum fcmpgt(Input in) {
    return each_pair(in, []<class F>(F, auto a, auto b, auto& environment) {
        return all_if<F>(fp::compare_gt<F>(a, b, environment));
    });
}
Datum fsqrt(Input in) {
    return each(in, [&]<class F>(F, unsigned i, auto& environment) {
        return fp::sqrt<F>(fp_element<F>(in.va(), i), environment);
    });
}
Datum fmuladd(Input in) {
    return each(in, [&]<class F>(F, unsigned i, auto& environment) {
        const auto negated = [](auto value, bool negate) {
            return static_cast<fp::Bits<F>>(negate ? value ^ kSign<F> : value);
        };
        const auto a = negated(fp_element<F>(in.va(), i), bit(in.op.imm, 0));
        const auto c = negated(fp_element<F>(in.vc(), i), bit(in.op.imm, 1));
        return fp::mul_add<F>(a, fp_element<F>(in.vb(), i), c, environment);
    });
}
Datum fneg(Input in) {
    return each(in, [&]<class F>(F, unsigned i, auto&) { return fp_element<F>(in.va(), i) ^ kSign<F>; });
}
Datum fabs(Input in) {
    return each(in, [&]<class F>(F, unsigned i, auto&) { return fp_element<F>(in.va(), i) & ~kSign<F>; });
}
Datum fround(Input in) {
    return each(in, [&]<class F>(F, unsigned i, auto& environment) {
        return fp::round_to_integral<F>(fp_element<F>(in.va(), i), rounding(in.op), bit(in.op.imm, 3), environment);
    });
}
Datum fvto_int(Input in) {
    return each(in, [&]<class F>(F, unsigned i, auto& environment) {
        const fp::IntegerType type{8 * sizeof(fp::Bits<F>), !is_unsigned(in.op)};
        return fp::to_integer<F>(fp_element<F>(in.va(), i), type, fraction_bits(in.op), rounding(in.op), environment);
    });
}
Datum fvfrom_int(Input in) {
    return each(in, [&]<class F>(F, unsigned i, auto& environment) {
        return from_integer<F>(in.op, fp_element<F>(in.va(), i), 8 * sizeof(fp::Bits<F>), environment);
    });
}
Datum fto_int(Input in) {
    FpEnvironment environment(in.fp);
    const fp::IntegerType type{static_cast<u8>(in.width()), !is_unsigned(in.op)};
    return in.result(with_format(in.op.shape(), [&]<class F>(F) {
        return fp::to_integer<F>(fp_element<F>(in.va(), 0), type, fraction_bits(in.op), rounding(in.op),
                                 environment.value);
    }));
}
Datum ffrom_int(Input in) {
    const unsigned source_width = bit(in.op.imm, 4) ? 64 : 32;
    return each(in, [&]<class F>(F, unsigned, auto& environment) {
        return from_integer<F>(in.op, in.operands[0].integer, source_width, environment);
    });
}

Datum fconvert(Input in) {
    FpEnvironment environment(in.fp);
    V128 result{};
    with_format(in.op.shape(), [&]<class From>(From) {
        with_format(static_cast<FpShape>(in.op.imm), [&]<class To>(To) {
            set_fp_element<To>(result, 0, convert_format<To, From>(fp_element<From>(in.va(), 0), environment.value));
        });
    });
    return vector_result(result);
}
Datum fvwiden(Input in) {
    FpEnvironment environment(in.fp);
    V128 result{};
    if (in.op.shape() == FpShape::v4h) {
        for (unsigned i = 0; i < 4; ++i) {
            result.s[i] = fp::convert<fp::Single, fp::Half>(in.va().h[i], environment.value);
        }
    } else {
        for (unsigned i = 0; i < 2; ++i) {
            result.d[i] = fp::convert<fp::Double, fp::Single>(in.va().s[i], environment.value);
        }
    }
    return vector_result(result);
}
Datum fvnarrow(Input in) {
    FpEnvironment environment(in.fp);
    V128 result{};
    if (in.op.shape() == FpShape::v4s) {
        for (unsigned i = 0; i < 4; ++i) {
            result.h[i] = fp::convert<fp::Half, fp::Single>(in.va().s[i], environment.value);
        }
    } else {
        for (unsigned i = 0; i < 2; ++i) {
            result.s[i] = fp::convert<fp::Single, fp::Double>(in.va().d[i], environment.value);
        }
    }
    return vector_result(result);
}

}  // namespace kelvin::ir::meaning
