// SPDX-License-Identifier: Apache-2.0
// Stage 1 address translation (ARM ARM D8): descriptor formats of the 4K, 16K and 64K granules, one walker.
#pragma once

#include <optional>

#include "base/types.h"
#include "cpu/arm64/state.h"
#include "memory/address_map.h"

namespace kelvin::arm64 {

enum class Access : u8 { read, write, execute };

/// How an access is made, besides its address.
struct AccessType {
    Access access = Access::read;
    ExceptionLevel el = ExceptionLevel::el1;  ///< whose permissions: LDTR at EL1 says el0
    bool pan = false;                         ///< PSTATE.PAN in force
    bool cache_maintenance = false;           ///< DC, IC: reported with ISS.CM and as a write
    bool address_translate = false;           ///< AT: hardware management of flags does not happen
};

/// Fault status codes: the DFSC/IFSC field (ARM ARM D24, ESR_EL1).
namespace fault_status {
inline constexpr u8 kAddressSize = 0x00, kTranslation = 0x04, kAccessFlag = 0x08, kPermission = 0x0c;  ///< | level
inline constexpr u8 kExternal = 0x10, kExternalOnWalk = 0x14;  ///< the latter | level
inline constexpr u8 kAlignment = 0x21, kTlbConflict = 0x30, kUnsupportedUpdate = 0x31, kUnsupportedExclusive = 0x35;
}  // namespace fault_status

struct Fault {
    u8 status = 0;  ///< DFSC or IFSC
    Gva address{};
    AccessType type;
};

/// The control registers that translation depends on, copied out of the state.
struct TranslationRegime {
    bool enabled = false;
    bool write_implies_xn = false;  ///< SCTLR.WXN
    bool big_endian_walk = false;   ///< SCTLR.EE
    u64 tcr = 0, ttbr0 = 0, ttbr1 = 0, mair = 0;
    u8 physical_bits = 40;
    bool hardware_access_flag = false;  ///< TCR.HA where implemented
    bool hardware_dirty_state = false;  ///< TCR.HD where implemented
    bool enhanced_pan = false;          ///< SCTLR.EPAN
    bool has_16k = false;               ///< the 16K granule; where it is missing TG says 4K
    bool has_small_tables = false;      ///< FEAT_TTST: TxSZ up to 48 (47 with 64K)
    // TCR has no bits set that belong to features the processor lacks.

    u16 asid() const;  ///< by TCR.A1 and TCR.AS
};

/// By privilege: [0] EL0, [1] EL1 without PAN, [2] EL1 with PAN.
struct Permissions {
    u8 bits = 0;

    constexpr bool operator[](unsigned privilege) const { return (bits >> privilege & 1) != 0; }
};

struct Translation {
    Gpa physical{};
    u64 page_size = 4096;  ///< of the block or page descriptor; a power of two
    bool global = true;
    bool device = false;   ///< Device memory: unaligned accesses fault
    bool guarded = false;  ///< GP: BTI is enforced on code here (where the processor has it)
    u8 attributes = 0;     ///< the MAIR byte
    u8 shareability = 0;   ///< SH[1:0] of the descriptor
    Permissions can_read;
    Permissions can_write;  ///< none also while a clean page (HD) has not been written
    Permissions can_execute;
};

/// Walks the tables in `memory`. Updates access flag and dirty state as the access demands (atomically). The result or
/// the fault. For an address whose top byte is ignored pass it as used by the instruction; TBI is applied inside.
class TranslationResult {
  public:
    TranslationResult(const Translation& t) : translation_(t), faulted_(false) {}
    TranslationResult(const Fault& f) : fault_(f), faulted_(true) {}
    bool faulted() const { return faulted_; }
    const Translation& translation() const { return translation_; }
    Translation& translation() { return translation_; }
    const Fault& fault() const { return fault_; }

  private:
    Translation translation_{};
    Fault fault_{};
    bool faulted_;
};

TranslationResult translate(const TranslationRegime& regime, const memory::AddressMap& memory, Gva address,
                            AccessType type);

/// The address that translation works on: the top byte replaced by copies of bit 55 where TBI (for data: TBI; for
/// instruction fetches: TBI and not TBID) applies.
u64 canonical_address(const TranslationRegime& regime, u64 address, bool instruction);

/// Bytes of a page of the half of the address space that `address` lies in.
u64 granule_size(const TranslationRegime& regime, Gva address);

}  // namespace kelvin::arm64
