// SPDX-License-Identifier: Apache-2.0
#include "lift/arm64/decoder.h"

#include <gtest/gtest.h>

#include <string>

#include "lift/arm64/random_instruction.h"

namespace kelvin::arm64 {
namespace {

FeatureSet all_features() {
    FeatureSet features;
    return features.set();
}

std::vector<const Instruction*> all_entries() {
    std::vector<const Instruction*> entries;
    for (const auto chapter : instruction_chapters()) {
        for (const Instruction& entry : chapter()) {
            entries.push_back(&entry);
        }
    }
    return entries;
}

bool more_specific(const Instruction& a, const Instruction& b) {
    return a.encoding.mask != b.encoding.mask && (a.encoding.mask & b.encoding.mask) == b.encoding.mask;
}

TEST(Decoder, NoTwoEntriesOfAnyChaptersAreAmbiguous) {
    const auto entries = all_entries();
    for (std::size_t i = 0; i < entries.size(); i++) {
        for (std::size_t j = i + 1; j < entries.size(); j++) {
            EXPECT_FALSE(ambiguous(*entries[i], *entries[j])) << entries[i]->name << " and " << entries[j]->name;
        }
    }
}

TEST(Decoder, EveryEntryDecodesToItself) {
    const Decoder decoder(all_features());
    std::mt19937_64 random(1);
    for (const Instruction* entry : all_entries()) {
        unsigned found = 0;
        for (int i = 0; i < 100; i++) {
            const u32 word = random_instruction(random, *entry);
            ASSERT_TRUE(entry->matches(word)) << entry->name;
            const Instruction* decoded = decoder.decode(word);
            ASSERT_NE(decoded, nullptr) << entry->name;
            EXPECT_TRUE(decoded == entry || more_specific(*decoded, *entry))
                << std::hex << word << ": " << entry->name << " decodes to " << decoded->name;
            found += decoded == entry;
        }
        EXPECT_GT(found, 0u) << entry->name;
    }
}

TEST(Decoder, EntriesOfMissingFeaturesAreNotThere) {
    const Decoder base(FeatureSet().set(static_cast<std::size_t>(Feature::base)));
    EXPECT_EQ(base.decode(0xf8210062), nullptr);               // ldadd x1, x2, [x3]
    EXPECT_EQ(base.decode(0xd503233f)->name, "HINT");          // paciasp
    EXPECT_EQ(base.decode(0x9ac34041 & 0x7fffffff), nullptr);  // crc32b w1, w2, w3
}

TEST(Decoder, UnallocatedWordsHaveNoEntry) {
    const Decoder decoder(all_features());
    for (const u32 word : {0x1ac31041u,           // two sources, opcode 000100
                           0xdac00441u | 0x1c00,  // one source, opcode 000111
                           0xc8a10c62u,           // CAS with Rt2 not 31
                           0xd61f0821u,           // BRAAZ with Rm not 31
                           0xf8219062u,           // SWP's opcodes beyond 000
                           0xffffffffu}) {
        EXPECT_EQ(decoder.decode(word), nullptr) << std::hex << word;
    }
}

struct Known {
    u32 word;
    const char* name;
};

/// Assembled by GNU as.
constexpr Known kKnown[] = {
    // clang-format off
    {0x100000a1, "ADR"},  // adr x1, label
    {0x90000002, "ADRP"},  // adrp x2, label
    {0x91000420, "ADD (immediate)"},  // add x0, x1, #0x1
    {0x317ffc83, "ADDS (immediate)"},  // adds w3, w4, #0xfff, lsl #12
    {0xd10043ff, "SUB (immediate)"},  // sub sp, sp, #0x10
    {0xf100143f, "SUBS (immediate)"},  // cmp x1, #0x5
    {0x92781c20, "AND (immediate)"},  // and x0, x1, #0xff00
    {0x3200cc62, "ORR (immediate)"},  // orr w2, w3, #0xf0f0f0f
    {0xd24000a4, "EOR (immediate)"},  // eor x4, x5, #0x1
    {0x7201003f, "ANDS (immediate)"},  // tst w1, #0x80000000
    {0x92a00020, "MOVN"},  // mov x0, #0xfffffffffffeffff
    {0x52824681, "MOVZ"},  // mov w1, #0x1234
    {0xf2ffffe2, "MOVK"},  // movk x2, #0xffff, lsl #48
    {0x93432441, "SBFM"},  // sbfx x1, x2, #3, #7
    {0x331b1483, "BFM"},  // bfi w3, w4, #5, #6
    {0xd37cec41, "UBFM"},  // lsl x1, x2, #4
    {0x93c34441, "EXTR"},  // extr x1, x2, x3, #17
    {0x8a230c41, "BIC (shifted register)"},  // bic x1, x2, x3, lsl #3
    {0x2a230041, "ORN (shifted register)"},  // orn w1, w2, w3
    {0xcae32441, "EON (shifted register)"},  // eon x1, x2, x3, ror #9
    {0x6a850c83, "ANDS (shifted register)"},  // ands w3, w4, w5, asr #3
    {0xea230041, "BICS (shifted register)"},  // bics x1, x2, x3
    {0xaa0203e1, "ORR (shifted register)"},  // mov x1, x2
    {0x8b431041, "ADD (shifted register)"},  // add x1, x2, x3, lsr #4
    {0x6b831441, "SUBS (shifted register)"},  // subs w1, w2, w3, asr #5
    {0x8b234be1, "ADD (extended register)"},  // add x1, sp, w3, uxtw #2
    {0xeb238441, "SUBS (extended register)"},  // subs x1, x2, w3, sxtb #1
    {0x9a030041, "ADC"},  // adc x1, x2, x3
    {0x3a030041, "ADCS"},  // adcs w1, w2, w3
    {0xda030041, "SBC"},  // sbc x1, x2, x3
    {0xfa030041, "SBCS"},  // sbcs x1, x2, x3
    {0xba028423, "RMIF"},  // rmif x1, #5, #3
    {0x3a00082d, "SETF8"},  // setf8 w1
    {0x3a00484d, "SETF16"},  // setf16 w2
    {0xd500401f, "CFINV"},  // cfinv
    {0xd500405f, "AXFLAG"},  // axflag
    {0xd500403f, "XAFLAG"},  // xaflag
    {0xba420023, "CCMN (register)"},  // ccmn x1, x2, #0x3, eq
    {0x7a421023, "CCMP (register)"},  // ccmp w1, w2, #0x3, ne
    {0xba450823, "CCMN (immediate)"},  // ccmn x1, #0x5, #0x3, eq
    {0x7a471823, "CCMP (immediate)"},  // ccmp w1, #0x7, #0x3, ne
    {0x9a83b041, "CSEL"},  // csel x1, x2, x3, lt
    {0x1a9f17e1, "CSINC"},  // cset w1, eq
    {0xda838041, "CSINV"},  // csinv x1, x2, x3, hi
    {0xda836441, "CSNEG"},  // csneg x1, x2, x3, vs
    {0xdac00041, "RBIT"},  // rbit x1, x2
    {0x5ac00441, "REV16"},  // rev16 w1, w2
    {0x5ac00841, "REV"},  // rev w1, w2
    {0xdac00c41, "REV"},  // rev x1, x2
    {0xdac00841, "REV32"},  // rev32 x1, x2
    {0xdac01041, "CLZ"},  // clz x1, x2
    {0x5ac01441, "CLS"},  // cls w1, w2
    {0x9ac30841, "UDIV"},  // udiv x1, x2, x3
    {0x1ac30c41, "SDIV"},  // sdiv w1, w2, w3
    {0x9ac32041, "LSLV"},  // lsl x1, x2, x3
    {0x1ac32441, "LSRV"},  // lsr w1, w2, w3
    {0x9ac32841, "ASRV"},  // asr x1, x2, x3
    {0x9ac32c41, "RORV"},  // ror x1, x2, x3
    {0x1ac34041, "CRC32"},  // crc32b w1, w2, w3
    {0x9ac35c41, "CRC32C"},  // crc32cx w1, w2, x3
    {0x9b031041, "MADD"},  // madd x1, x2, x3, x4
    {0x1b039041, "MSUB"},  // msub w1, w2, w3, w4
    {0x9b231041, "SMADDL"},  // smaddl x1, w2, w3, x4
    {0x9b239041, "SMSUBL"},  // smsubl x1, w2, w3, x4
    {0x9ba31041, "UMADDL"},  // umaddl x1, w2, w3, x4
    {0x9ba39041, "UMSUBL"},  // umsubl x1, w2, w3, x4
    {0x9b437c41, "SMULH"},  // smulh x1, x2, x3
    {0x9bc37c41, "UMULH"},  // umulh x1, x2, x3
    {0x14000002, "B"},  // b label
    {0x97ffffff, "BL"},  // bl label
    {0x54000061, "B.cond"},  // b.ne label
    {0xb4000041, "CBZ"},  // cbz x1, label
    {0x35ffffc1, "CBNZ"},  // cbnz w1, label
    {0xb6400041, "TBZ"},  // tbz x1, #40, label
    {0x371fffc1, "TBNZ"},  // tbnz w1, #3, label
    {0xd61f0020, "BR"},  // br x1
    {0xd63f0040, "BLR"},  // blr x2
    {0xd65f03c0, "RET"},  // ret
    {0x00000005, "UDF"},  // udf #5
    {0xd4000021, "SVC"},  // svc #0x1
    {0xd4000042, "HVC"},  // hvc #0x2
    {0xd4000063, "SMC"},  // smc #0x3
    {0xd4200080, "BRK"},  // brk #0x4
    {0xd44000a0, "HLT"},  // hlt #0x5
    {0xd4a00001, "DCPS1"},  // dcps1
    {0xd4a00002, "DCPS2"},  // dcps2
    {0xd4a00003, "DCPS3"},  // dcps3
    {0xd6bf03e0, "DRPS"},  // drps
    {0xd69f03e0, "ERET"},  // eret
    {0xd503201f, "HINT"},  // nop
    {0xd503203f, "HINT"},  // yield
    {0xd503245f, "HINT"},  // bti c
    {0xd503229f, "HINT"},  // csdb
    {0xd503209f, "SEV"},  // sev
    {0xd50320bf, "SEVL"},  // sevl
    {0xd5031003, "WFET"},  // wfet x3
    {0xd5031023, "WFIT"},  // wfit x3
    {0xd503205f, "WFE"},  // wfe
    {0xd503207f, "WFI"},  // wfi
    {0xd5033f5f, "CLREX"},  // clrex
    {0xd5033b9f, "DSB"},  // dsb ish
    {0xd50339bf, "DMB"},  // dmb ishld
    {0xd5033fdf, "ISB"},  // isb
    {0xd50330ff, "SB"},  // sb
    {0xd5384101, "MRS"},  // mrs x1, sp_el0
    {0xd51bd042, "MSR (register)"},  // msr tpidr_el0, x2
    {0xd50342df, "MSR (immediate)"},  // msr daifset, #0x2
    {0xd50b7421, "SYS"},  // dc zva, x1
    {0xd508831f, "SYS"},  // tlbi vmalle1is
    {0xd50b7523, "SYS"},  // ic ivau, x3
    {0xf9000441, "STR (immediate, unsigned offset)"},  // str x1, [x2, #8]
    {0x39000041, "STR (immediate, unsigned offset)"},  // strb w1, [x2]
    {0xb94007e1, "LDR (immediate, unsigned offset)"},  // ldr w1, [sp, #4]
    {0x79400441, "LDR (immediate, unsigned offset)"},  // ldrh w1, [x2, #2]
    {0x39800441, "LDRS (immediate, unsigned offset)"},  // ldrsb x1, [x2, #1]
    {0xb9800441, "LDRS (immediate, unsigned offset)"},  // ldrsw x1, [x2, #4]
    {0xf9800020, "PRFM (immediate)"},  // prfm pldl1keep, [x1]
    {0xf81ff041, "STUR"},  // stur x1, [x2, #-1]
    {0xb8403041, "LDUR"},  // ldur w1, [x2, #3]
    {0x78dfd041, "LDURS"},  // ldursh w1, [x2, #-3]
    {0xf89ff020, "PRFUM"},  // prfum pldl1keep, [x1, #-1]
    {0xf8008441, "STR (immediate, post-index)"},  // str x1, [x2], #8
    {0xf85f8441, "LDR (immediate, post-index)"},  // ldr x1, [x2], #-8
    {0x38c01441, "LDRS (immediate, post-index)"},  // ldrsb w1, [x2], #1
    {0xf8000841, "STTR"},  // sttr x1, [x2]
    {0x38400841, "LDTR"},  // ldtrb w1, [x2]
    {0xb8800841, "LDTRS"},  // ldtrsw x1, [x2]
    {0xf8008c41, "STR (immediate, pre-index)"},  // str x1, [x2, #8]!
    {0xf85f8c41, "LDR (immediate, pre-index)"},  // ldr x1, [x2, #-8]!
    {0xb8804c41, "LDRS (immediate, pre-index)"},  // ldrsw x1, [x2, #4]!
    {0xf8236841, "STR (register)"},  // str x1, [x2, x3]
    {0xf863d841, "LDR (register)"},  // ldr x1, [x2, w3, sxtw #3]
    {0x78a37841, "LDRS (register)"},  // ldrsh x1, [x2, x3, lsl #1]
    {0xf8a26820, "PRFM (register)"},  // prfm pldl1keep, [x1, x2]
    {0x18000041, "LDR (literal)"},  // ldr w1, label
    {0x58ffffc1, "LDR (literal)"},  // ldr x1, label
    {0x98000021, "LDRSW (literal)"},  // ldrsw x1, label
    {0xd8000020, "PRFM (literal)"},  // prfm pldl1keep, label
    {0xa8000861, "STNP"},  // stnp x1, x2, [x3]
    {0x28410861, "LDNP"},  // ldnp w1, w2, [x3, #8]
    {0xa8810be1, "STP (post-index)"},  // stp x1, x2, [sp], #16
    {0xa8c10be1, "LDP (post-index)"},  // ldp x1, x2, [sp], #16
    {0x29010be1, "STP (signed offset)"},  // stp w1, w2, [sp, #8]
    {0xa9410be1, "LDP (signed offset)"},  // ldp x1, x2, [sp, #16]
    {0xa9bf7bfd, "STP (pre-index)"},  // stp x29, x30, [sp, #-16]!
    {0xa9c10861, "LDP (pre-index)"},  // ldp x1, x2, [x3, #16]!
    {0x68c10861, "LDPSW (post-index)"},  // ldpsw x1, x2, [x3], #8
    {0x69410861, "LDPSW (signed offset)"},  // ldpsw x1, x2, [x3, #8]
    {0x69c10861, "LDPSW (pre-index)"},  // ldpsw x1, x2, [x3, #8]!
    {0xc89f7c41, "STLLR"},  // stllr x1, [x2]
    {0x089ffc41, "STLR"},  // stlrb w1, [x2]
    {0xc8df7c41, "LDLAR"},  // ldlar x1, [x2]
    {0x48dffc41, "LDAR"},  // ldarh w1, [x2]
    {0xf8bfc041, "LDAPR"},  // ldapr x1, [x2]
    {0xd9004041, "STLUR"},  // stlur x1, [x2, #4]
    {0x995fc041, "LDAPUR"},  // ldapur w1, [x2, #-4]
    {0x19805041, "LDAPURS"},  // ldapursb x1, [x2, #5]
    {0xc8017c62, "STXR"},  // stxr w1, x2, [x3]
    {0x0801fc62, "STLXR"},  // stlxrb w1, w2, [x3]
    {0xc85f7c41, "LDXR"},  // ldxr x1, [x2]
    {0x485ffc41, "LDAXR"},  // ldaxrh w1, [x2]
    {0xc8210c82, "STXP"},  // stxp w1, x2, x3, [x4]
    {0x88218c82, "STLXP"},  // stlxp w1, w2, w3, [x4]
    {0xc87f0861, "LDXP"},  // ldxp x1, x2, [x3]
    {0x887f8861, "LDAXP"},  // ldaxp w1, w2, [x3]
    {0xf8210062, "LDADD"},  // ldadd x1, x2, [x3]
    {0xb8e11062, "LDCLR"},  // ldclral w1, w2, [x3]
    {0xf8a12062, "LDEOR"},  // ldeora x1, x2, [x3]
    {0xf8613062, "LDSET"},  // ldsetl x1, x2, [x3]
    {0x38214062, "LDSMAX"},  // ldsmaxb w1, w2, [x3]
    {0x78215062, "LDSMIN"},  // ldsminh w1, w2, [x3]
    {0xf8216062, "LDUMAX"},  // ldumax x1, x2, [x3]
    {0xf8217062, "LDUMIN"},  // ldumin x1, x2, [x3]
    {0xf8e18062, "SWP"},  // swpal x1, x2, [x3]
    {0xc8a17c62, "CAS"},  // cas x1, x2, [x3]
    {0x08e1fc62, "CAS"},  // casalb w1, w2, [x3]
    {0x4862fcc4, "CASP"},  // caspal x2, x3, x4, x5, [x6]
    {0x08227cc4, "CASP"},  // casp w2, w3, w4, w5, [x6]
    {0xdac10041, "PACIA/IB/DA/DB"},  // pacia x1, x2
    {0xdac11fe1, "AUTIA/IB/DA/DB"},  // autdb x1, sp
    {0xdac127e1, "PACIZA/IZB/DZA/DZB"},  // pacizb x1
    {0xdac13be1, "AUTIZA/IZB/DZA/DZB"},  // autdza x1
    {0xdac143e1, "XPACI/XPACD"},  // xpaci x1
    {0xdac147e2, "XPACI/XPACD"},  // xpacd x2
    {0x9adf3041, "PACGA"},  // pacga x1, x2, sp
    {0xd50320ff, "XPACLRI"},  // xpaclri
    {0xd503211f, "PACIA1716/PACIB1716"},  // pacia1716
    {0xd50321df, "AUTIA1716/AUTIB1716"},  // autib1716
    {0xd503233f, "PACIAZ/PACIASP/PACIBZ/PACIBSP"},  // paciasp
    {0xd50323df, "AUTIAZ/AUTIASP/AUTIBZ/AUTIBSP"},  // autibz
    {0xd61f083f, "BRAAZ/BRABZ"},  // braaz x1
    {0xd71f0c3f, "BRAA/BRAB"},  // brab x1, sp
    {0xd63f0c5f, "BLRAAZ/BLRABZ"},  // blrabz x2
    {0xd73f0822, "BLRAA/BLRAB"},  // blraa x1, x2
    {0xd65f0bff, "RETAA/RETAB"},  // retaa
    {0xd69f0fff, "ERETAA/ERETAB"},  // eretab
    {0xf8201441, "LDRAA/LDRAB"},  // ldraa x1, [x2, #8]
    {0xf8fffc41, "LDRAA/LDRAB"},  // ldrab x1, [x2, #-8]!
    {0x3d000441, "LDR/STR (SIMD&FP, unsigned offset)"},  // str b1, [x2, #1]
    {0x3dc00441, "LDR/STR (SIMD&FP, unsigned offset)"},  // ldr q1, [x2, #16]
    {0xfc5ff041, "LDUR/STUR (SIMD&FP)"},  // ldur d1, [x2, #-1]
    {0xbc004441, "LDR/STR (SIMD&FP, post-index)"},  // str s1, [x2], #4
    {0x7c402c41, "LDR/STR (SIMD&FP, pre-index)"},  // ldr h1, [x2, #2]!
    {0x3ce37841, "LDR/STR (SIMD&FP, register)"},  // ldr q1, [x2, x3, lsl #4]
    {0x1c000041, "LDR (SIMD&FP, literal)"},  // ldr s1, label
    {0x9c000042, "LDR (SIMD&FP, literal)"},  // ldr q2, label
    {0xac000861, "LDNP/STNP (SIMD&FP)"},  // stnp q1, q2, [x3]
    {0x6cc10861, "LDP/STP (SIMD&FP, post-index)"},  // ldp d1, d2, [x3], #16
    {0x2d010861, "LDP/STP (SIMD&FP, signed offset)"},  // stp s1, s2, [x3, #8]
    {0xadff0861, "LDP/STP (SIMD&FP, pre-index)"},  // ldp q1, q2, [x3, #-32]!
    {0x4c407041, "LDn/STn (multiple structures)"},  // ld1 {v1.16b}, [x2]
    {0x4c000441, "LDn/STn (multiple structures)"},  // st4 {v1.8h-v4.8h}, [x2]
    {0x4cdf4841, "LDn/STn (multiple structures, post-index)"},  // ld3 {v1.4s-v3.4s}, [x2], #48
    {0x0c838841, "LDn/STn (multiple structures, post-index)"},  // st2 {v1.2s, v2.2s}, [x2], x3
    {0x4d401c41, "LDn/STn (single structure)"},  // ld1 {v1.b}[15], [x2]
    {0x0d00b041, "LDn/STn (single structure)"},  // st3 {v1.s-v3.s}[1], [x2]
    {0x4dffec41, "LDn/STn (single structure, post-index)"},  // ld4r {v1.2d-v4.2d}, [x2], #32
    {0x4de38441, "LDn/STn (single structure, post-index)"},  // ld2 {v1.d, v2.d}[1], [x2], x3
    // clang-format on
};

TEST(Decoder, KnownWordsDecodeToTheirEntries) {
    const Decoder decoder(all_features());
    for (const Known& known : kKnown) {
        const Instruction* decoded = decoder.decode(known.word);
        ASSERT_NE(decoded, nullptr) << std::hex << known.word;
        EXPECT_EQ(decoded->name, known.name) << std::hex << known.word;
    }
}

}  // namespace
}  // namespace kelvin::arm64
