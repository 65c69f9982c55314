// SPDX-License-Identifier: Apache-2.0
#include "cpu/x86/cpuid.h"

#include <algorithm>
#include <bit>

namespace kelvin::x86 {

namespace {

using enum CpuidRegister;

/// The names of a register's bits from 0 on; empty: none that a user could ask for.
struct Word {
    u32 function;
    u32 index;
    CpuidRegister where;
    std::array<std::string_view, 32> names;
};

constexpr Word kWords[] = {
    {1, 0, edx, {"fpu",  "vme",  "de",   "pse", "tsc",  "msr", "pae",   "mce", "cx8",     "apic", "",
                 "sep",  "mtrr", "pge",  "mca", "cmov", "pat", "pse36", "pn",  "clflush", "",     "ds",
                 "acpi", "mmx",  "fxsr", "sse", "sse2", "ss",  "ht",    "tm",  "ia64",    "pbe"}},
    {1, 0, ecx, {"pni",   "pclmulqdq", "dtes64", "monitor", "ds-cpl",    "vmx",    "smx",          "est", "tm2",
                 "ssse3", "cid",       "",       "fma",     "cx16",      "xtpr",   "pdcm",         "",    "pcid",
                 "dca",   "sse4.1",    "sse4.2", "x2apic",  "movbe",     "popcnt", "tsc-deadline", "aes", "xsave",
                 "",      "avx",       "f16c",   "rdrand",  "hypervisor"}},
    {7, 0, ebx, {"fsgsbase", "tsc-adjust", "sgx",      "bmi1",     "hle",      "avx2",       "",         "smep",
                 "bmi2",     "erms",       "invpcid",  "rtm",      "",         "",           "mpx",      "",
                 "avx512f",  "avx512dq",   "rdseed",   "adx",      "smap",     "avx512ifma", "pcommit",  "clflushopt",
                 "clwb",     "intel-pt",   "avx512pf", "avx512er", "avx512cd", "sha-ni",     "avx512bw", "avx512vl"}},
    {7,
     0,
     ecx,
     {"",
      "avx512vbmi",
      "umip",
      "pku",
      "",
      "waitpkg",
      "avx512vbmi2",
      "",
      "gfni",
      "vaes",
      "vpclmulqdq",
      "avx512vnni",
      "avx512bitalg",
      "",
      "avx512-vpopcntdq",
      "",
      "la57",
      "",
      "",
      "",
      "",
      "",
      "rdpid",
      "",
      "bus-lock-detect",
      "cldemote",
      "",
      "movdiri",
      "movdir64b",
      "",
      "sgxlc",
      "pks"}},
    {7,
     0,
     edx,
     {"",
      "",
      "avx512-4vnniw",
      "avx512-4fmaps",
      "fsrm",
      "",
      "",
      "",
      "avx512-vp2intersect",
      "",
      "md-clear",
      "",
      "",
      "",
      "serialize",
      "",
      "tsx-ldtrk",
      "",
      "",
      "arch-lbr",
      "",
      "",
      "amx-bf16",
      "avx512-fp16",
      "amx-tile",
      "amx-int8",
      "spec-ctrl",
      "stibp",
      "flush-l1d",
      "arch-capabilities",
      "core-capability",
      "ssbd"}},
    {7, 1, eax, {"",          "", "",         "",     "avx-vnni", "avx512-bf16", "",
                 "cmpccxadd", "", "",         "fzrm", "fsrs",     "fsrc",        "",
                 "",          "", "",         "fred", "lkgs",     "wrmsrns",     "",
                 "amx-fp16",  "", "avx-ifma", "",     "",         "lam"}},
    {0xd, 1, eax, {"xsaveopt", "xsavec", "xgetbv1", "xsaves", "xfd"}},
    {0x80000001, 0, edx, {"",        "", "", "",         "",        "",       "", "",   "",         "",     "",
                          "syscall", "", "", "",         "",        "",       "", "",   "mp",       "nx",   "",
                          "mmxext",  "", "", "fxsr-opt", "pdpe1gb", "rdtscp", "", "lm", "3dnowext", "3dnow"}},
    {0x80000001,
     0,
     ecx,
     {"lahf-lm",       "cmp-legacy", "svm", "extapic",    "cr8legacy", "abm", "sse4a",   "misalignsse",
      "3dnowprefetch", "osvw",       "ibs", "xop",        "skinit",    "wdt", "",        "lwp",
      "fma4",          "tce",        "",    "nodeid-msr", "",          "tbm", "topoext", "perfctr-core",
      "perfctr-nb"}},
    {0x80000007, 0, edx, {"", "", "", "", "", "", "", "", "invtsc"}},
    {0x80000008, 0, ebx, {"clzero",   "",          "xsaveerptr", "",          "",        "",
                          "",         "",          "",           "wbnoinvd",  "",        "",
                          "ibpb",     "",          "ibrs",       "amd-stibp", "",        "stibp-always-on",
                          "",         "",          "",           "",          "",        "",
                          "amd-ssbd", "virt-ssbd", "amd-no-ssb", "",          "amd-psfd"}},
    {0x40000001,
     0,
     eax,
     {"kvmclock",
      "kvm-nopiodelay",
      "kvm-mmu",
      "kvmclock2",
      "kvm-asyncpf",
      "kvm-steal-time",
      "kvm-pv-eoi",
      "kvm-pv-unhalt",
      "",
      "kvm-pv-tlb-flush",
      "kvm-asyncpf-vmexit",
      "kvm-pv-ipi",
      "kvm-poll-control",
      "kvm-pv-sched-yield",
      "kvm-asyncpf-int",
      "kvm-msi-ext-dest-id",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "kvmclock-stable-bit"}},
};

/// Other names of the same.
constexpr std::pair<std::string_view, std::string_view> kAliases[] = {
    {"sse3", "pni"},
    {"sse4-1", "sse4.1"},
    {"sse4-2", "sse4.2"},
    {"ds_cpl", "ds-cpl"},
    {"tsc_adjust", "tsc-adjust"},
    {"xd", "nx"},
    {"ffxsr", "fxsr-opt"},
    {"i64", "lm"},
    {"fxsr_opt", "fxsr-opt"},
    {"lahf_lm", "lahf-lm"},
    {"cmp_legacy", "cmp-legacy"},
    {"sse4_1", "sse4.1"},
    {"sse4_2", "sse4.2"},
    {"kvm_pv_unhalt", "kvm-pv-unhalt"},
    {"pclmuldq", "pclmulqdq"},
};

std::vector<Feature> all_features() {
    std::vector<Feature> all;
    for (const Word& word : kWords) {
        for (u8 bit = 0; bit < 32; ++bit) {
            if (!word.names[bit].empty()) {
                all.push_back({word.names[bit], word.function, word.index, word.where, bit});
            }
        }
    }
    return all;
}

const std::vector<Feature>& features() {
    static const std::vector<Feature> all = all_features();
    return all;
}

}  // namespace

CpuidLeaf* Cpuid::find(u32 function, u32 index) {
    const auto found = std::ranges::find_if(leaves_, [=](const CpuidLeaf& leaf) {
        return leaf.function == function && leaf.index.value_or(index) == index;
    });
    return found != leaves_.end() ? &*found : nullptr;
}

const Feature* find_feature(std::string_view name) {
    const auto alias = std::ranges::find(kAliases, name, [](const auto& pair) { return pair.first; });
    const std::string_view wanted = alias != std::end(kAliases) ? alias->second : name;
    const auto found = std::ranges::find(features(), wanted, &Feature::name);
    return found != features().end() ? &*found : nullptr;
}

std::vector<std::string_view> feature_names() {
    std::vector<std::string_view> names;
    std::ranges::transform(features(), std::back_inserter(names), &Feature::name);
    return names;
}

bool has_feature(const Cpuid& cpuid, const Feature& feature) {
    const CpuidLeaf* const leaf = cpuid.find(feature.function, feature.index);
    return leaf != nullptr && ((*leaf)[feature.where] >> feature.bit & 1) != 0;
}

void set_feature(Cpuid& cpuid, const Feature& feature, bool on) {
    CpuidLeaf* const leaf = cpuid.find(feature.function, feature.index);
    if (leaf == nullptr) {
        return;
    }
    const u32 mask = u32{1} << feature.bit;
    u32& cell = (*leaf)[feature.where];
    cell = on ? cell | mask : cell & ~mask;
}

/// One core a processor, without threads. Leaf 4's and 0x8000001d's caches are each core's own.
void place_processor(Cpuid& cpuid, u32 number, u32 count) {
    const u32 width = static_cast<u32>(std::bit_width(count - 1));  // of an APIC's number within the socket
    if (CpuidLeaf* const leaf = cpuid.find(1)) {
        (*leaf)[ebx] = ((*leaf)[ebx] & 0xffff) | std::min(count, u32{255}) << 16 | number << 24;
        constexpr u32 kSeveral = u32{1} << 28;  // "ht"
        (*leaf)[edx] = count > 1 ? (*leaf)[edx] | kSeveral : (*leaf)[edx] & ~kSeveral;
    }
    for (u32 index = 0; CpuidLeaf* const leaf = cpuid.find(4, index); ++index) {
        const bool is_cache = ((*leaf)[eax] & 0x1f) != 0;
        if (is_cache) {
            (*leaf)[eax] = ((*leaf)[eax] & 0x3fff) | ((u32{1} << width) - 1) << 26;
        }
        if (!is_cache || !leaf->index) {
            break;
        }
    }
    for (const u32 function : {0xbu, 0x1fu}) {
        if (cpuid.find(function) == nullptr) {
            continue;
        }
        cpuid.remove(function);
        constexpr u32 kThreads = 1 << 8;
        constexpr u32 kCores = 2 << 8;
        cpuid.add({function, 0, {0, 1, kThreads | 0, number}});
        cpuid.add({function, 1, {width, count, kCores | 1, number}});
        cpuid.add({function, 2, {0, 0, 2, number}});
    }
    if (CpuidLeaf* const leaf = cpuid.find(0x80000008)) {
        (*leaf)[ecx] = ((*leaf)[ecx] & ~u32{0xf0ff}) | width << 12 | (count - 1);
    }
    if (CpuidLeaf* const leaf = cpuid.find(0x8000001e)) {
        leaf->registers = {number, number & 0xff, 0, 0};
    }
}

}  // namespace kelvin::x86
