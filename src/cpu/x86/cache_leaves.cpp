// SPDX-License-Identifier: Apache-2.0
#include "cpu/x86/cache_leaves.h"

namespace kelvin::x86 {

namespace {

using enum CpuidRegister;

struct Cache {
    enum class Type : u8 { none, data, instructions, unified };
    Type type = Type::none;
    u32 level = 0;
    u32 ways = 0;
    u32 sets = 0;
    u32 flags = 0;  ///< as EDX has them
    bool initialises_itself = true;
    static constexpr u32 kLine = 64;

    u32 kibibytes() const { return ways * sets * kLine / 1024; }
};

// SDM volume 2A, CPUID leaf 4, EDX:
constexpr u32 kKeepsNearer = 1;  // WBINVD does not reach those of other processors that share it
constexpr u32 kInclusive = 2;
constexpr u32 kComplex = 4;

/// SDM volume 2A, CPUID leaf 4, and APM volume 3, E.4.15, which is alike.
std::array<u32, 4> describe(const Cache& cache) {
    const u32 kind = static_cast<u32>(cache.type) | cache.level << 5 | (cache.initialises_itself ? 1u << 8 : 0);
    return {kind, (Cache::kLine - 1) | (cache.ways - 1) << 22, cache.sets - 1, cache.flags};
}

using enum Cache::Type;

constexpr Cache kIntelCaches[] = {{data, 1, 8, 64, kKeepsNearer},
                                  {instructions, 1, 8, 64, kKeepsNearer},
                                  {unified, 2, 16, 4096, kKeepsNearer},
                                  {unified, 3, 16, 16384, kInclusive | kComplex}};

/// First and second level, and the one that all share.
struct AmdCaches {
    Cache data, instructions, second, last;
};

constexpr AmdCaches amd_caches(u32 code_ways, u32 code_sets, u32 second_sets, u32 last_sets) {
    return {{data, 1, 8, 64, kKeepsNearer},
            {instructions, 1, code_ways, code_sets, kKeepsNearer},
            {unified, 2, 8, second_sets, 0, false},
            {unified, 3, 16, last_sets, kInclusive}};
}

constexpr AmdCaches kPlain = {{data, 1, 2, 512, 0},
                              {instructions, 1, 2, 512, 0},
                              {unified, 2, 16, 512, 0},
                              {unified, 3, 16, 16384, kInclusive | kComplex}};

AmdCaches caches_of(CacheKind kind) {
    switch (kind) {
        case CacheKind::epyc:
            return amd_caches(4, 256, 1024, 8192);
        case CacheKind::rome:
            return amd_caches(8, 64, 1024, 16384);
        case CacheKind::milan:
            return amd_caches(8, 64, 1024, 32768);
        case CacheKind::genoa:
            return amd_caches(8, 64, 2048, 32768);
        case CacheKind::plain:
            break;
    }
    return kPlain;
}

/// APM volume 3, E.4.5: how many ways, in four bits.
u32 ways_code(u32 ways) {
    constexpr std::pair<u32, u32> kCodes[] = {{1, 1}, {2, 2}, {4, 4}, {8, 6}, {16, 8}, {32, 10}, {48, 11}, {64, 12}};
    for (const auto& [number, code] : kCodes) {
        if (ways == number) {
            return code;
        }
    }
    return 0;
}

u32 first_level(const Cache& cache) {
    return cache.kibibytes() << 24 | cache.ways << 16 | 1 << 8 | Cache::kLine;
}

}  // namespace

void add_intel_caches(Cpuid& cpuid, CacheKind kind, bool has_last_cache) {
    const AmdCaches amd = caches_of(kind);
    const std::array<Cache, 4> caches = kind == CacheKind::plain
                                            ? std::to_array(kIntelCaches)
                                            : std::array{amd.data, amd.instructions, amd.second, amd.last};
    // Descriptors (SDM volume 2A, table 3-12): 32 KiB of data and of code, the second level, 16 MiB; to be read once.
    const u32 second = kind == CacheKind::plain ? 0x7d : kind == CacheKind::genoa ? 0x87 : 0x80;
    cpuid.add(2, 0, {1, 0, has_last_cache ? 0x4du : 0u, 0x2c'3000 | second});
    u32 index = 0;
    for (const Cache& cache : caches) {
        if (cache.level < 3 || has_last_cache) {
            cpuid.add(4, index++, describe(cache));
        }
    }
    cpuid.add(4, index);
}

void add_amd_caches(Cpuid& cpuid, CacheKind kind, bool has_last_cache, bool has_topology) {
    const AmdCaches caches = caches_of(kind);
    constexpr u32 kPages = 0x01ff'01ff;        // 255 entries with one way each, for code and data
    constexpr u32 kSecondPages = 0x4200'4200;  // 512 with four
    cpuid.add(0x8000'0005, 0, {kPages, kPages, first_level(caches.data), first_level(caches.instructions)});
    const u32 second = caches.second.kibibytes() << 16 | ways_code(caches.second.ways) << 12 | 1 << 8 | Cache::kLine;
    const u32 last = caches.last.kibibytes() / 512 << 18 | ways_code(caches.last.ways) << 12 | 1 << 8 | Cache::kLine;
    cpuid.add(0x8000'0006, 0, {0, kSecondPages, second, has_last_cache ? last : 0});
    if (has_topology) {
        u32 index = 0;
        for (const Cache& cache : {caches.data, caches.instructions, caches.second}) {
            cpuid.add(0x8000'001d, index++, describe(cache));
        }
        if (has_last_cache) {
            cpuid.add(0x8000'001d, index++, describe(caches.last));
        }
        cpuid.add(0x8000'001d, index);
    }
}

}  // namespace kelvin::x86
