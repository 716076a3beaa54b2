// SPDX-License-Identifier: MIT

// A utility VM by a client in another language, with nothing of ours in it: HCS by the names of its functions, and raw
// sockets of AF_HYPERV through ws2_32, taken by AcceptEx through a completion port as go-winio does. Boots a guest,
// shakes hands on the bridge, and runs a process with its output. Says a line for each step; exit code 1 with the first
// that goes wrong. usage: hyperv KERNEL INITRD
package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"syscall"
	"unicode/utf16"
	"unsafe"
)

const (
	afHyperV      = 34
	rawProtocol   = 1
	acceptContext = 0x700B
	pending       = 0xC0370103
	request       = 0x10100000
	response      = 0x20100000
	negotiate     = 0xB01
	execute       = 0x501
	waitFor       = 0x601
	nobody        = "00000000-0000-0000-0000-000000000000"
)

var (
	vmcompute = syscall.NewLazyDLL("vmcompute.dll")
	ole32     = syscall.NewLazyDLL("ole32.dll")
	ws2_32    = syscall.NewLazyDLL("ws2_32.dll")
	heard     = make(chan uintptr, 16)
	port      syscall.Handle
)

type address struct {
	family, reserved uint16
	vm, service      syscall.GUID
}

func check(what string, ok bool, why ...interface{}) {
	if !ok {
		fmt.Println("FAILED:", what, fmt.Sprint(why...))
		os.Exit(1)
	}
	fmt.Println("ok:", what)
}

func wide(s string) uintptr {
	p, _ := syscall.UTF16PtrFromString(s)
	return uintptr(unsafe.Pointer(p))
}

func take(p *uint16) string {
	var units []uint16
	for q := unsafe.Pointer(p); q != nil && *(*uint16)(q) != 0; q = unsafe.Add(q, 2) {
		units = append(units, *(*uint16)(q))
	}
	ole32.NewProc("CoTaskMemFree").Call(uintptr(unsafe.Pointer(p)))
	return string(utf16.Decode(units))
}

func hcs(name string, args ...uintptr) uintptr {
	r, _, _ := vmcompute.NewProc(name).Call(args...)
	return r
}

func parse(id string) (g syscall.GUID) {
	var tail uint64
	var clock uint16
	fmt.Sscanf(strings.ReplaceAll(id, "-", " "), "%x %x %x %x %x", &g.Data1, &g.Data2, &g.Data3, &clock, &tail)
	binary.BigEndian.PutUint64(g.Data4[:], tail)
	binary.BigEndian.PutUint16(g.Data4[:], clock)
	return
}

func hyperv() syscall.Handle {
	s, _, err := ws2_32.NewProc("socket").Call(afHyperV, syscall.SOCK_STREAM, rawProtocol)
	check("a socket of AF_HYPERV", syscall.Handle(s) != syscall.InvalidHandle, err)
	_, e := syscall.CreateIoCompletionPort(syscall.Handle(s), port, 0, 0)
	check("it belongs to a completion port", e == nil, e)
	return syscall.Handle(s)
}

func listen(vm syscall.GUID, number uint32) syscall.Handle {
	s := hyperv()
	a := address{family: afHyperV, vm: vm, service: parse("00000000-facb-11e6-bd58-64006a7986d3")}
	a.service.Data1 = number
	r, _, err := ws2_32.NewProc("bind").Call(uintptr(s), uintptr(unsafe.Pointer(&a)), unsafe.Sizeof(a))
	check("it is bound", r == 0, err)
	err2 := syscall.Listen(s, 16)
	check(fmt.Sprintf("it listens for port %#x", number), err2 == nil, err2)
	return s
}

// One operation through the completion port.
func finish(err error, o *syscall.Overlapped) (n uint32, e error) {
	var key uintptr
	var done *syscall.Overlapped
	if err != nil && err != syscall.ERROR_IO_PENDING {
		return 0, err
	}
	e = syscall.GetQueuedCompletionStatus(port, &n, (*uint32)(unsafe.Pointer(&key)), &done, 120000)
	if e == nil && done != o {
		e = syscall.EINVAL
	}
	return
}

func accept(l syscall.Handle, vm syscall.GUID) syscall.Handle {
	const size = uint32(unsafe.Sizeof(address{}) + 16)
	var buffer [2 * size]byte
	var o syscall.Overlapped
	var n uint32
	var who address
	s := hyperv()
	err := syscall.AcceptEx(l, s, &buffer[0], 0, size, size, &n, &o)
	_, err = finish(err, &o)
	check("the guest connects", err == nil, err)
	err = syscall.Setsockopt(s, syscall.SOL_SOCKET, acceptContext, (*byte)(unsafe.Pointer(&l)), int32(unsafe.Sizeof(l)))
	check("it is accepted", err == nil, err)
	length := int32(unsafe.Sizeof(who))
	r, _, e := ws2_32.NewProc("getpeername").Call(uintptr(s), uintptr(unsafe.Pointer(&who)), uintptr(unsafe.Pointer(&length)))
	check("and is our machine's", r == 0 && who.family == afHyperV && who.vm == vm, e, who)
	return s
}

func send(s syscall.Handle, data []byte) {
	var o syscall.Overlapped
	var n uint32
	b := syscall.WSABuf{Len: uint32(len(data)), Buf: &data[0]}
	_, err := finish(syscall.WSASend(s, &b, 1, &n, 0, &o, nil), &o)
	check(fmt.Sprint("sent ", len(data), " bytes"), err == nil, err)
}

func receive(s syscall.Handle, data []byte) int {
	var o syscall.Overlapped
	var n, flags uint32
	b := syscall.WSABuf{Len: uint32(len(data)), Buf: &data[0]}
	n, err := finish(syscall.WSARecv(s, &b, 1, &n, &flags, &o, nil), &o)
	check(fmt.Sprint("received ", n, " bytes"), err == nil, err)
	return int(n)
}

func receiveAll(s syscall.Handle, n int) []byte {
	data := make([]byte, n)
	for done := 0; done < n; {
		more := receive(s, data[done:])
		check("which is not the end", more > 0)
		done += more
	}
	return data
}

func ask(bridge syscall.Handle, kind uint32, id uint64, document string) {
	frame := make([]byte, 16)
	binary.LittleEndian.PutUint32(frame, request|kind)
	binary.LittleEndian.PutUint32(frame[4:], uint32(16+len(document)))
	binary.LittleEndian.PutUint64(frame[8:], id)
	send(bridge, append(frame, document...))
}

func answer(bridge syscall.Handle, kind uint32, into interface{}) {
	head := receiveAll(bridge, 16)
	body := receiveAll(bridge, int(binary.LittleEndian.Uint32(head[4:]))-16)
	check("it is the answer", binary.LittleEndian.Uint32(head) == response|kind && json.Unmarshal(body, into) == nil, string(body))
}

func notified(kind, context, status, data uintptr) uintptr {
	heard <- kind
	return 0
}

// What only waits for callbacks looks dead to Go; this one waits for nothing in the system instead.
func stayAlive() {
	event, _, _ := syscall.NewLazyDLL("kernel32.dll").NewProc("CreateEventW").Call(0, 1, 0, 0)
	syscall.WaitForSingleObject(syscall.Handle(event), syscall.INFINITE)
}

func main() {
	var system, registration uintptr
	var result *uint16
	var properties struct{ RuntimeId string }
	var data syscall.WSAData
	go stayAlive()
	check("two arguments", len(os.Args) == 3)
	check("Winsock", syscall.WSAStartup(0x202, &data) == nil)
	port, _ = syscall.CreateIoCompletionPort(syscall.InvalidHandle, 0, 0, 0)

	document, _ := json.Marshal(map[string]interface{}{"Owner": "go", "SchemaVersion": map[string]int{"Major": 2, "Minor": 1},
		"ShouldTerminateOnLastHandleClosed": true, "VirtualMachine": map[string]interface{}{"StopOnReset": true,
			"Chipset": map[string]interface{}{"LinuxKernelDirect": map[string]string{"KernelFilePath": os.Args[1], "InitRdPath": os.Args[2],
				"KernelCmdLine": "8250_core.nr_uarts=0 panic=-1 quiet pci=off nr_cpus=1 pmtmr=0 -- -e 1 /bin/vsockexec -e 109 /bin/gcs -v4 -log-format json"}},
			"ComputeTopology": map[string]interface{}{"Memory": map[string]int{"SizeInMB": 256}, "Processor": map[string]int{"Count": 1}},
			"Devices":         map[string]interface{}{"HvSocket": map[string]interface{}{"HvSocketConfig": map[string]string{"DefaultBindSecurityDescriptor": "D:P(A;;FA;;;SY)(A;;FA;;;BA)"}}}}})
	hr := hcs("HcsCreateComputeSystem", wide("hyperv"), wide(string(document)), 0, uintptr(unsafe.Pointer(&system)), uintptr(unsafe.Pointer(&result)))
	check("a machine is created", hr == pending, fmt.Sprintf("%#x", hr))
	hcs("HcsRegisterComputeSystemCallback", system, syscall.NewCallback(notified), 0, uintptr(unsafe.Pointer(&registration)))
	check("it is there", <-heard == 2)
	result = nil
	hr = hcs("HcsGetComputeSystemProperties", system, wide(`{"PropertyTypes":[]}`), uintptr(unsafe.Pointer(&result)), 0)
	text := take(result)
	check("it has a RuntimeId", hr == 0 && json.Unmarshal([]byte(text), &properties) == nil && properties.RuntimeId != "", text)
	vm := parse(properties.RuntimeId)

	entropy, log, bridges := listen(vm, 1), listen(vm, 109), listen(vm, 0x40000000)
	outputs := listen(vm, 0x40000001)
	hr = hcs("HcsStartComputeSystem", system, wide(""), uintptr(unsafe.Pointer(&result)))
	check("it starts", hr == pending || hr == 0, fmt.Sprintf("%#x", hr))
	s := accept(entropy, vm)
	send(s, make([]byte, 512))
	syscall.Closesocket(s)
	logs := accept(log, vm)
	bridge := accept(bridges, vm)

	var hello struct {
		Version      int
		Capabilities struct{ RuntimeOsType string }
	}
	ask(bridge, negotiate, 0, `{"ContainerId":"","ActivityId":"`+nobody+`","MinimumVersion":4,"MaximumVersion":4}`)
	answer(bridge, negotiate, &hello)
	check("hands are shaken", hello.Version == 4 && strings.EqualFold(hello.Capabilities.RuntimeOsType, "linux"), hello)

	var started struct{ Result, ProcessId int64 }
	parameters, _ := json.Marshal(`{"CommandArgs":["/bin/sh","-c","echo said by the guest; exit 7"],"WorkingDirectory":"/","Environment":{"PATH":"/bin"},"CreateStdOutPipe":true}`)
	ask(bridge, execute, 1, `{"ContainerId":"`+nobody+`","ActivityId":"`+nobody+`","Settings":{"ProcessParameters":`+string(parameters)+
		`,"VsockStdioRelaySettings":{"StdOut":1073741825}}}`)
	output := accept(outputs, vm)
	answer(bridge, execute, &started)
	check("a process runs", started.Result == 0 && started.ProcessId > 0, started)
	said := make([]byte, 64)
	n := receive(output, said)
	check("it says something", string(said[:n]) == "said by the guest\n", string(said[:n]))
	check("and ends its output", receive(output, said) == 0)
	syscall.Closesocket(output)
	var ended struct{ Result, ExitCode int64 }
	ask(bridge, waitFor, 2, fmt.Sprintf(`{"ContainerId":"%s","ActivityId":"%s","ProcessId":%d,"TimeoutInMs":4294967295}`, nobody, nobody, started.ProcessId))
	answer(bridge, waitFor, &ended)
	check("its exit code is 7", ended.Result == 0 && ended.ExitCode == 7, ended)

	hr = hcs("HcsTerminateComputeSystem", system, wide(""), uintptr(unsafe.Pointer(&result)))
	check("the machine is terminated", hr == 0 || hr == pending, fmt.Sprintf("%#x", hr))
	check("the bridge ends with it", receive(bridge, said) == 0)
	syscall.Closesocket(bridge)
	syscall.Closesocket(logs)
	for _, l := range []syscall.Handle{entropy, log, bridges, outputs} {
		syscall.Closesocket(l)
	}
	for <-heard != 1 {
	}
	hcs("HcsUnregisterComputeSystemCallback", registration)
	check("closed", hcs("HcsCloseComputeSystem", system) == 0)
}
