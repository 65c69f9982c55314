// SPDX-License-Identifier: Apache-2.0
// Names are the manuals'. Registers that say what the controller does with things that are not here (wake-up,
// management, serial interfaces) hold what is written, so that a driver finds it again.
#include "device/intel_ethernet/layouts.h"

#include <array>

#include "device/intel_ethernet/registers.h"

namespace kelvin::device::intel {

namespace {

constexpr u32 kAll = 0xffffffff;

/// 8254x 13.3, as far as the 82574 has them, too.
constexpr auto kCommon = std::to_array<RegisterRow>({
    {"CTRL", reg::kControl, 1, 0x00000201, 0x7bfffffd},
    {"STATUS", reg::kStatus, 1, 0x00000000, 0, 0x3c3},
    {"EECD", reg::kEeprom, 1, 0x00000100, 0x00000077, 0x00000280},
    {"EERD", reg::kEepromRead, 1, 0, 0, kAll},
    {"CTRL_EXT", reg::kExtended, 1, 0, 0xffffffff & ~ctrl_ext::kReloadEeprom},
    {"FLA", 0x001c, 1, 0, 0},
    {"MDIC", reg::kMdi, 1, 0x10000000, 0, kAll},
    {"FCAL", 0x0028, 1, 0x00c28001, kAll},
    {"FCAH", 0x002c, 1, 0x00000100, 0xffff},
    {"FCT", 0x0030, 1, 0x00008808, 0xffff},
    {"VET", reg::kVlanType, 1, 0x00008100, 0xffff},
    {"ICR", reg::kCause, 1, 0, 0, kAll},
    {"ITR", reg::kThrottle, 1, 0, 0xffff},
    {"IMS", reg::kMaskSet, 1, 0, 0, kAll},
    {"RCTL", reg::kReceive, 1, 0, 0x7fffffff & ~1U},
    {"FCTTV", 0x0170, 1, 0, 0xffff},
    {"TXCW", 0x0178, 1, 0, 0xc000ffff},
    {"TCTL", reg::kTransmit, 1, 0x00000008, 0x1ffffffa},
    {"TIPG", 0x0410, 1, 0x00602008, 0x3fffffff},
    {"AIT", 0x0458, 1, 0, 0xffff},
    {"LEDCTL", 0x0e00, 1, 0x07061302, kAll},
    {"PBA", 0x1000, 1, 0x00100030, 0xffff},
    {"FCRTL", 0x2160, 1, 0, 0x8000fff8},
    {"FCRTH", 0x2168, 1, 0, 0x0000fff8},
    {"RDBAL", 0x2800, 1, 0, 0xfffffff0},
    {"RDBAH", 0x2804, 1, 0, kAll},
    {"RDLEN", 0x2808, 1, 0, 0x000fff80},
    {"RDH", 0x2810, 1, 0, 0xffff},
    {"RDT", 0x2818, 1, 0, 0xffff},
    {"RDTR", reg::kReceiveDelay, 1, 0, 0xffff},
    {"RXDCTL", 0x2828, 1, 0x00010000, 0x0fffffff},
    {"RADV", reg::kReceiveDelayMost, 1, 0, 0xffff},
    {"RSRPD", 0x2c00, 1, 0, 0xfff},
    {"TXDMAC", 0x3000, 1, 0, 1},
    {"TDBAL", 0x3800, 1, 0, 0xfffffff0},
    {"TDBAH", 0x3804, 1, 0, kAll},
    {"TDLEN", 0x3808, 1, 0, 0x000fff80},
    {"TDH", 0x3810, 1, 0, 0xffff},
    {"TDT", 0x3818, 1, 0, 0xffff},
    {"TIDV", reg::kTransmitDelay, 1, 0, 0xffff},
    {"TXDCTL", reg::kTransmitDescriptors, 1, 0, kAll},
    {"TADV", reg::kTransmitDelayMost, 1, 0, 0xffff},
    {"CRCERRS to TSCTFC", reg::kStatistics, (0x4100 - 0x4000) / 4, 0, 0, kAll},
    {"RXCSUM", reg::kReceiveSums, 1, 0, 0x3fff},
    {"MTA", reg::kMulticast, 128, 0, kAll},
    {"RAL, RAH", reg::kAddresses, 32, 0, kAll},
    {"VFTA", reg::kVlans, 128, 0, kAll},
    {"WUC", 0x5800, 1, 0, 0xf},
    {"WUFC", 0x5808, 1, 0, 0xfffff},
    {"IPAV", 0x5838, 1, 0, 0x1000f},
    {"MANC", 0x5820, 1, 0, kAll},
    {"IP4AT", 0x5840, 8, 0, kAll},
    {"IP6AT", 0x5880, 4, 0, kAll},
    {"WUPM", 0x5a00, 32, 0, kAll},
});

constexpr auto kOf82540em = std::to_array<RegisterRow>({
    {"TSPMT", 0x3830, 1, 0x01000400, kAll},
    {"FFLT", 0x5f00, 8, 0, 0x7ff},
    {"FFMT", 0x9000, 256, 0, 0xf},
    {"FFVT", 0x9800, 256, 0, kAll},
});

/// 82574 10.2.1.3. Some replace what is common.
constexpr auto kOf82574l = std::to_array<RegisterRow>({
    {"EECD", reg::kEeprom, 1, 0x00000300, 0x00000077, 0x00000080},
    {"PBA", 0x1000, 1, 0x00140014, 0x001f},
    {"PBS", 0x1008, 1, 0, 0x3f},
    {"EEMNGCTL", 0x1010, 1, 0x00040000, 0},
    {"EEWR", reg::kEepromWrite, 1, 0x00000002, 0, kAll},
    {"EXTCNF_CTRL", 0x0f00, 1, 0x00000008, 0x0fffffff},
    {"EXTCNF_SIZE", 0x0f08, 1, 0, 0x00ff00ff},
    {"PHY_CTRL", 0x0f10, 1, 0, 0xff},
    {"EIAC", reg::kAutoClear, 1, 0, 0x01f00000},
    {"IAM", reg::kAutoMask, 1, 0, kAll},
    {"IVAR", reg::kVectors, 1, 0, 0x800fffff},
    {"EITR", reg::kThrottles, 5, 0, 0xffff},
    {"PSRCTL", reg::kSplit, 1, 0x00040402, 0x3f3f3f7f},
    {"RDBAL1", 0x2900, 1, 0, 0xfffffff0},
    {"RDBAH1", 0x2904, 1, 0, kAll},
    {"RDLEN1", 0x2908, 1, 0, 0x000fff80},
    {"RDH1", 0x2910, 1, 0, 0xffff},
    {"RDT1", 0x2918, 1, 0, 0xffff},
    {"RXDCTL1", 0x2928, 1, 0x00010000, 0x0fffffff},
    {"TARC0", 0x3840, 1, 0x00000403, kAll},
    {"TDBAL1", 0x3900, 1, 0, 0xfffffff0},
    {"TDBAH1", 0x3904, 1, 0, kAll},
    {"TDLEN1", 0x3908, 1, 0, 0x000fff80},
    {"TDH1", 0x3910, 1, 0, 0xffff},
    {"TDT1", 0x3918, 1, 0, 0xffff},
    {"TXDCTL1", 0x3928, 1, 0, kAll},
    {"TARC1", 0x3940, 1, 0x00000403, kAll},
    {"IAC to ICRXOC", 0x4100, (reg::kStatisticsEnd - 0x4100) / 4, 0, 0, kAll},
    {"RFCTL", reg::kReceiveFilter, 1, 0, 0x0003ffff},
    {"MAVTV", 0x5010, 4, 0, 0xfff},
    {"MRQC", reg::kMultiQueue, 1, 0, 0x001f0003},
    {"MDEF", 0x5890, 8, 0, kAll},
    {"RETA", reg::kRedirection, 32, 0, kAll},
    {"RSSRK", reg::kRssKey, 10, 0, kAll},
    {"GCR", 0x5b00, 1, 0, kAll},
    {"FUNCTAG", 0x5b08, 1, 0, kAll},
    {"GSCL", 0x5b10, 4, 0, kAll},
    {"FACTPS", 0x5b30, 1, 0x20000001, 0x20000000},
    {"SWSM", reg::kSemaphore, 1, 0, 0xf},
    {"FWSM", 0x5b54, 1, 0, 0},
    {"SWSM2", 0x5b58, 1, 0, 0x2},
    {"GCR2", 0x5b64, 1, 0, kAll},
    {"PBACLR", 0x5b68, 1, 0, 0},
    {"SYSTIMH", reg::kTimeHigh, 1, 0, 0, kAll},
    {"TIMINCA", reg::kTimeIncrement, 1, 0, kAll},
    {"TIMADJ", 0xb60c, 2, 0, kAll},
});

}  // namespace

const RegisterLayout& layout_of_82540em() {
    static const RegisterLayout layout{kCommon, kOf82540em};
    return layout;
}

const RegisterLayout& layout_of_82574l() {
    static const RegisterLayout layout{kCommon, kOf82574l};
    return layout;
}

}  // namespace kelvin::device::intel
