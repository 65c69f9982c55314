// SPDX-License-Identifier: Apache-2.0
// Options that say what firmware is, and what it is told.
#include <gtest/gtest.h>

#include "control/test_command_line.h"

namespace kelvin::control {
namespace {

#define EXPECT_MENTIONS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

TEST(BootOptions, Acpi) {
    EXPECT_TRUE(spec_of({"-M", "virt"}).acpi);
    EXPECT_TRUE(spec_of({"-M", "virt,acpi=auto"}).acpi);
    EXPECT_FALSE(spec_of({"-M", "virt,acpi=off"}).acpi);
    EXPECT_FALSE(spec_of({"-no-acpi"}).acpi);
    EXPECT_MENTIONS(error_of({"-M", "virt,acpi=of"}), "acpi is on or off, not 'of'");
}

TEST(BootOptions, BootOrder) {
    const auto order = spec_of({"-boot", "order=dc,once=n,menu=on,splash-time=2500,strict=on"}).boot_order;
    EXPECT_EQ(order.order, "dc");
    EXPECT_EQ(order.once, "n");
    EXPECT_TRUE(order.menu && order.strict);
    EXPECT_EQ(order.menu_wait_ms, 2500);
    EXPECT_EQ(spec_of({"-boot", "d"}).boot_order.order, "d");
    EXPECT_TRUE(spec_of({"-boot", "strict=on"}).boot_order.strict);
    EXPECT_MENTIONS(error_of({"-boot", "z"}), "'z' is no kind of device");
    EXPECT_MENTIONS(error_of({"-boot", "cdc"}), "'c' is there twice");
    EXPECT_MENTIONS(error_of({"-boot", "mneu=on"}), "did you mean 'menu'?");
}

TEST(BootOptions, FirmwareFiles) {
    const auto files =
        spec_of({"-fw_cfg", "name=opt/a,string=x,,y", "-fw_cfg", "opt/com.coreos/config,file=/f"}).firmware_files;
    ASSERT_EQ(files.size(), 2U);
    EXPECT_EQ(files[0].name + "=" + files[0].content, "opt/a=x,y");
    EXPECT_EQ(files[1].name + "<" + files[1].path, "opt/com.coreos/config</f");
    EXPECT_MENTIONS(error_of({"-fw_cfg", "opt/a"}), "either a file or a string");
    EXPECT_MENTIONS(error_of({"-fw_cfg", "string=x"}), "a name is needed");
    EXPECT_MENTIONS(error_of({"-fw_cfg", "opt/a,file=f,string=x"}), "either a file or a string");
}

TEST(BootOptions, Smbios) {
    const auto smbios = spec_of({"-smbios", "type=1,manufacturer=M,serial=S", "-smbios", "type=11,value=a,value=b",
                                 "-smbios", "type=1,product=P", "-smbios", "type=11,value=c,path=/p", "-smbios",
                                 "file=/s", "-smbios", "type=4,max-speed=3000"})
                            .smbios;
    EXPECT_EQ(smbios.tables.system.manufacturer, "M");
    EXPECT_EQ(smbios.tables.system.product, "P");
    EXPECT_EQ(smbios.tables.texts, (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_EQ(smbios.text_files, std::vector<std::string>{"/p"});
    EXPECT_EQ(smbios.structure_files, std::vector<std::string>{"/s"});
    EXPECT_EQ(smbios.tables.processor.max_speed, 3000);
    EXPECT_FALSE(smbios.tables.firmware);
    EXPECT_MENTIONS(error_of({"-smbios", "type=1,manufacturor=x"}), "did you mean 'manufacturer'?");
    EXPECT_MENTIONS(error_of({"-smbios", "type=42"}), "type 42 cannot be described yet");
    EXPECT_MENTIONS(error_of({"-smbios", "serial=1"}), "type=N or file=FILE");
}

TEST(BootOptions, FlashInBlockNodes) {
    const Arguments nodes = {
        "-blockdev", R"({"driver":"file","filename":"/code","node-name":"s0","auto-read-only":true,"discard":"unmap"})",
        "-blockdev", R"({"node-name":"f0","read-only":true,"driver":"raw","file":"s0"})",
        "-blockdev", R"({"node-name":"f1","driver":"raw","file":{"driver":"file","filename":"/vars"}})",
        "-blockdev", R"({"node-name":"q","driver":"qcow2","file":{"driver":"file","filename":"/q"}})"};
    const auto with = [&](const char* machine) {
        Arguments all = nodes;
        all.insert(all.end(), {"-machine", machine});
        return all;
    };
    const auto spec = spec_of(with("virt,pflash0=f0,pflash1=f1"));
    ASSERT_TRUE(spec.pflash[0] && spec.pflash[1]);
    EXPECT_EQ(spec.pflash[0]->file, "/code");
    EXPECT_TRUE(spec.pflash[0]->read_only);
    EXPECT_EQ(spec.pflash[1]->file, "/vars");
    EXPECT_FALSE(spec.pflash[1]->read_only);
    EXPECT_EQ(spec.block_nodes.size(), 1U);
    EXPECT_MENTIONS(error_of(with("virt,pflash0=f2")), "did you mean 'f0'?");
    EXPECT_MENTIONS(error_of(with("virt,pflash0=q")), "flash images are raw");
}

TEST(BootOptions, MemoryInAnObject) {
    const char* const object = R"({"qom-type":"memory-backend-ram","id":"mach-virt.ram","size":536870912})";
    EXPECT_EQ(spec_of({"-machine", "virt,memory-backend=mach-virt.ram", "-object", object}).ram_size, u64{512} << 20);
    EXPECT_MENTIONS(error_of({"-machine", "virt,memory-backend=mach-virt.ram", "-m", "256", "-object", object}),
                    "same size");
    EXPECT_MENTIONS(error_of({"-machine", "virt,memory-backend=x"}), "no memory object");
}

}  // namespace
}  // namespace kelvin::control
