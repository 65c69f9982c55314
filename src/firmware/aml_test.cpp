// SPDX-License-Identifier: Apache-2.0
// What the builder makes of terms is what ACPI's reference compiler makes of the same in its language.
#include "firmware/aml.h"

#include <gtest/gtest.h>

#include "firmware/aml_resources.h"
#include "firmware/test_iasl.h"

namespace kelvin::firmware::aml {
namespace {

constexpr std::size_t kHeader = 36;

std::vector<u8> compiled(const std::string& body) {
    std::string remarks;
    Iasl iasl;
    std::vector<u8> table = iasl.compile(R"(DefinitionBlock ("", "DSDT", 2, "A", "B", 1) {)" + body + "}", remarks);
    EXPECT_GT(table.size(), kHeader) << remarks;
    table.erase(table.begin(), table.begin() + static_cast<std::ptrdiff_t>(std::min(kHeader, table.size())));
    return table;
}

#define NEEDS_IASL()                                                \
    if (!Iasl::is_there()) {                                        \
        GTEST_SKIP() << "needs iasl: apt-get install acpica-tools"; \
    }

TEST(Aml, Values) {
    NEEDS_IASL();
    std::vector<Term> terms;
    std::string source;
    const u64 numbers[] = {0, 1, 2, 0xff, 0x100, 0xffff, 0x10000, 0xffffffff, 0x100000000, ~u64{1}};
    for (std::size_t n = 0; n < std::size(numbers); ++n) {
        const std::string name = "N00" + std::to_string(n);
        terms.push_back(aml::name(name, integer(numbers[n])));
        source += "Name (" + name + ", " + std::to_string(numbers[n]) + ")\n";
    }
    terms.push_back(name("_HID", eisa_id("PNP0A08")));
    terms.push_back(name("TEXT", text("ARMH0011")));
    terms.push_back(name("BUFF", uuid("33db4d5b-1ff7-401c-9657-7441c03dd766")));
    source += R"(Name (_HID, EisaId ("PNP0A08")) Name (TEXT, "ARMH0011")
                 Name (BUFF, ToUUID ("33db4d5b-1ff7-401c-9657-7441c03dd766")))";
    EXPECT_EQ(scope("\\_SB", terms).bytes, compiled("Scope (\\_SB) {" + source + "}"));
}

TEST(Aml, LengthsOfEverySize) {
    NEEDS_IASL();
    // The length takes one byte to 63, two to 4095, three beyond that.
    for (const std::size_t size : {55, 56, 57, 58, 59, 60, 61, 4084, 4085, 4086, 4087, 4088, 4089, 4090}) {
        const std::vector<u8> bytes(size, 7);
        std::string list = "7";
        for (std::size_t n = 1; n < size; ++n) {
            list += ", 7";
        }
        EXPECT_EQ(name("BUFF", buffer(bytes)).bytes, compiled("Name (BUFF, Buffer () {" + list + "})")) << size;
    }
}

TEST(Aml, Resources) {
    NEEDS_IASL();
    const Term made = resources({
        fixed_memory(0x9000000, 0x1000),
        interrupt(33, Trigger::level),
        interrupt(41, Trigger::edge),
        bus_numbers(0, 0xff),
        memory32(0x10000000, 0x2eff0000),
        ports(0x10000, 0x3eff0000),
        memory64(0x8000000000, 0x8000000000),
    });
    EXPECT_EQ(name("_CRS", made).bytes, compiled(R"(Name (_CRS, ResourceTemplate () {
        Memory32Fixed (ReadWrite, 0x09000000, 0x1000)
        Interrupt (ResourceConsumer, Level, ActiveHigh, Exclusive) { 33 }
        Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive) { 41 }
        WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode, 0, 0, 0xff, 0, 0x100)
        DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
                     0, 0x10000000, 0x3efeffff, 0, 0x2eff0000)
        DWordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange,
                 0, 0, 0xffff, 0x3eff0000, 0x10000, , , , TypeTranslation)
        QWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
                     0, 0x8000000000, 0xffffffffff, 0, 0x8000000000)
    }))"));
}

TEST(Aml, ObjectsAndMethods) {
    NEEDS_IASL();
    const Term status = path("CDW1");
    const Term pair[] = {integer(0x1ffff), path("\\_SB.DEV0")};
    const Term content[] = {
        name("_UID", integer(0)),
        name("PAIR", package(pair)),
        name("CTRL", integer(0)),
        method("_EVT", 1, Calls::one_at_a_time, {notify(path("\\_SB.DEV0"), 0x80)}),
        method("TRY0", 4, Calls::concurrent,
               {dword_field(argument(3), 4, "CDW1"),
                when(equal(argument(0), integer(5)),
                     {bits_and(status, integer(0x1f), path("CTRL")),
                      when(is_not(equal(argument(1), integer(1))), {bits_or(status, integer(8), status)}),
                      store(path("CTRL"), status), give(argument(3))}),
                otherwise({give(integer(0))})}),
    };
    const Term made[] = {device("DEV0", content)};
    EXPECT_EQ(scope("\\_SB", made).bytes, compiled(R"(Scope (\_SB) { Device (DEV0) {
        Name (_UID, Zero)
        Name (PAIR, Package () { 0x1ffff, \_SB.DEV0 })
        Name (CTRL, 0)
        Method (_EVT, 1, Serialized) { Notify (\_SB.DEV0, 0x80) }
        Method (TRY0, 4) {
            CreateDWordField (Arg3, 4, CDW1)
            If (LEqual (Arg0, 5)) {
                And (CDW1, 0x1f, CTRL)
                If (LNot (LEqual (Arg1, One))) { Or (CDW1, 8, CDW1) }
                Store (CTRL, CDW1)
                Return (Arg3)
            } Else { Return (Zero) }
        } } })"));
}

TEST(Aml, Paths) {
    using Bytes = std::vector<u8>;
    EXPECT_EQ(path("\\").bytes, (Bytes{'\\', 0}));
    EXPECT_EQ(path("PCI0").bytes, (Bytes{'P', 'C', 'I', '0'}));
    EXPECT_EQ(path("\\_SB.GED").bytes, (Bytes{'\\', 0x2e, '_', 'S', 'B', '_', 'G', 'E', 'D', '_'}));
    EXPECT_EQ(path("A.B.C").bytes, (Bytes{0x2f, 3, 'A', '_', '_', '_', 'B', '_', '_', '_', 'C', '_', '_', '_'}));
}

}  // namespace
}  // namespace kelvin::firmware::aml
