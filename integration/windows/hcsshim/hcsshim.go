// SPDX-License-Identifier: MIT

// A client of hcsshim in Go, as Debian's source of Kubernetes has it: its public functions, unmodified, over our DLLs.
// Says a line for each step; exit code 1 with the first that goes wrong.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/Microsoft/hcsshim"
	"github.com/Microsoft/hcsshim/hcn"
	"github.com/sirupsen/logrus"
)

const patience = 30 * time.Second

func check(what string, ok bool, values ...interface{}) {
	if ok {
		fmt.Println("ok: " + what)
		return
	}
	fmt.Println(append([]interface{}{"FAILED: " + what}, values...)...)
	os.Exit(1)
}

func works(what string, err error) {
	check(what, err == nil, err)
}

func listed(id string) *hcsshim.ContainerProperties {
	all, err := hcsshim.GetContainers(hcsshim.ComputeSystemQuery{IDs: []string{id}})
	if err != nil || len(all) == 0 {
		return nil
	}
	return &all[0]
}

// What a shutdown or a termination answers while it goes on.
func ends(what string, c hcsshim.Container, err error) {
	check(what, hcsshim.IsPending(err), err)
	works(what+": it ends", c.WaitTimeout(patience))
}

func runProcess(c hcsshim.Container) {
	p, err := c.CreateProcess(&hcsshim.ProcessConfig{CommandLine: "cmd", CreateStdInPipe: true, CreateStdOutPipe: true, CreateStdErrPipe: true})
	works("a process is created", err)
	in, out, errs, err := p.Stdio()
	check("it has three streams", err == nil && in != nil && out != nil && errs != nil, err)
	_, err = io.WriteString(in, "echo from hcsshim\n")
	works("it is written to", err)
	text := ""
	for lines := bufio.NewScanner(out); !strings.Contains(text, "from hcsshim") && lines.Scan(); {
		text = lines.Text()
	}
	check("it is read from", strings.Contains(text, "from hcsshim"), text)
	list, err := c.ProcessList()
	check("it is in the list of processes", err == nil && len(list) > 0, list, err)
	again, err := c.OpenProcess(p.Pid())
	works("it is opened by its id", err)
	works("and that is closed", again.Close())
	_, err = io.WriteString(in, "exit 7\n")
	works("it is written to once more", err)
	works("it ends", p.WaitTimeout(patience))
	code, err := p.ExitCode()
	check("its exit code is 7", err == nil && code == 7, code, err)
	err = p.Kill()
	check("it cannot be killed any more", err != nil)
	works("it is closed", p.Close())
	check("closing it once more is no error", p.Close() == nil)

	p, err = c.CreateProcess(&hcsshim.ProcessConfig{CommandLine: "ping -t localhost", EmulateConsole: true, CreateStdInPipe: true, CreateStdOutPipe: true, ConsoleSize: [2]uint{25, 80}})
	works("one at a terminal is created", err)
	works("which is resized", p.ResizeConsole(120, 40))
	works("its input is closed", p.CloseStdin())
	err = p.WaitTimeout(time.Millisecond)
	check("it does not end by itself", hcsshim.IsTimeout(err), err)
	works("it is killed", p.Kill())
	works("it ends then", p.WaitTimeout(patience))
	works("it is closed", p.Close())

	_, err = c.CreateProcess(&hcsshim.ProcessConfig{CommandLine: "nonexistent.exe", CreateStdOutPipe: true})
	failed, is := err.(*hcsshim.ContainerError)
	check("a program that is not there is no process", is && strings.Contains(failed.Error(), "0x2"), err)
}

func runContainer() {
	config := &hcsshim.ContainerConfig{SystemType: "Container", Name: "go", Owner: "hcsshim",
		VolumePath:      `\\?\Volume{7a3b0f9c-0000-0000-0000-100000000000}`,
		LayerFolderPath: `C:\ProgramData\docker\windowsfilter\go`,
		Layers:          []hcsshim.Layer{{ID: "00000000-0000-0000-0000-000000000001", Path: `C:\ProgramData\docker\windowsfilter\base`}},
		HostName:        "go", MemoryMaximumInMB: 512}

	_, err := hcsshim.OpenContainer("go")
	check("there is none at first", hcsshim.IsNotExist(err), err)
	c, err := hcsshim.CreateContainer("go", config)
	works("a container is created", err)
	_, err = hcsshim.CreateContainer("go", config)
	check("but not twice", err != nil && strings.Contains(err.Error(), "go"), err)
	works("it starts", c.Start())
	p := listed("go")
	check("it is listed", p != nil && p.State == "Running" && p.Owner == "hcsshim" && p.SystemType == "Container", p)
	_, err = c.Statistics()
	works("it has statistics", err)
	runProcess(c)
	other, err := hcsshim.OpenContainer("go")
	works("it is opened a second time", err)
	ends("it is shut down", c, c.Shutdown())
	works("who has it open hears of it", other.WaitTimeout(patience))
	ends("terminating what has stopped is no other error", c, c.Terminate())
	works("it is closed", c.Close())
	works("so is the other", other.Close())
	err = c.Start()
	check("what is closed is known to be", hcsshim.IsAlreadyClosed(err), err)
	check("it is gone", listed("go") == nil)

	c, err = hcsshim.CreateContainer("go", config)
	works("another of that name is created", err)
	ends("it is terminated before its start", c, c.Terminate())
	works("it is closed", c.Close())
	broken := *config
	broken.SystemType = "Nonsense"
	_, err = hcsshim.CreateContainer("broken", &broken)
	check("a kind that is none is refused", err != nil, err)
}

func runOldNetworks() {
	n, err := hcsshim.HNSNetworkRequest("POST", "", `{"Name":"old","Type":"nat","Subnets":[{"AddressPrefix":"10.8.0.0/24","GatewayAddress":"10.8.0.1"}]}`)
	check("a network of the first version is created", err == nil && n.Id != "", err)
	same, err := hcsshim.GetHNSNetworkByName("old")
	check("it is found by its name", err == nil && same.Id == n.Id, err)
	e := &hcsshim.HNSEndpoint{Name: "old", VirtualNetwork: n.Id}
	e, err = e.Create()
	check("an endpoint is created in it", err == nil && strings.HasPrefix(e.IPAddress.String(), "10.8.0."), err)
	all, err := hcsshim.HNSListEndpointRequest()
	check("which is listed", err == nil && len(all) == 1 && all[0].Id == e.Id, err)
	_, err = e.Delete()
	works("it is deleted", err)
	_, err = hcsshim.GetHNSEndpointByID(e.Id)
	check("and is not there any more", err != nil && strings.Contains(err.Error(), "not found"), err)
	_, err = n.Delete()
	works("the network is deleted", err)
}

func runNetworks() {
	n := &hcn.HostComputeNetwork{Type: hcn.NAT, Name: "new", SchemaVersion: hcn.V2SchemaVersion(),
		Ipams: []hcn.Ipam{{Type: "Static", Subnets: []hcn.Subnet{{IpAddressPrefix: "10.9.0.0/24", Routes: []hcn.Route{{NextHop: "10.9.0.1", DestinationPrefix: "0.0.0.0/0"}}}}}}}

	works("the second version of networks is supported", hcn.V2ApiSupported())
	n, err := n.Create()
	works("a network is created", err)
	_, err = hcn.GetNetworkByName("none")
	check("one that is not there is known not to be", hcn.IsNotFoundError(err), err)
	e, err := n.CreateEndpoint(&hcn.HostComputeEndpoint{Name: "new", SchemaVersion: hcn.V2SchemaVersion()})
	check("an endpoint has an address", err == nil && len(e.IpConfigurations) == 1 && strings.HasPrefix(e.IpConfigurations[0].IpAddress, "10.9.0."), err)
	ns, err := hcn.NewNamespace(hcn.NamespaceTypeHost).Create()
	works("a namespace is created", err)
	works("the endpoint is put into it", hcn.AddNamespaceEndpoint(ns.Id, e.Id))
	ids, err := hcn.GetNamespaceEndpointIds(ns.Id)
	check("where it is found", err == nil && len(ids) == 1 && strings.EqualFold(ids[0], e.Id), ids, err)
	works("and taken out", hcn.RemoveNamespaceEndpoint(ns.Id, e.Id))
	lb, err := hcn.AddLoadBalancer([]hcn.HostComputeEndpoint{*e}, hcn.LoadBalancerFlagsNone, hcn.LoadBalancerPortMappingFlagsNone, "", []string{"10.9.1.1"}, 6, 80, 8080)
	works("a load balancer is created", err)
	works("and deleted", lb.Delete())
	works("the namespace is deleted", ns.Delete())
	works("the endpoint is deleted", e.Delete())
	works("the network is deleted", n.Delete())
	_, err = hcn.GetNetworkByID(n.Id)
	check("and is not there any more", hcn.IsNotFoundError(err), err)
}

func runLayers(home string) {
	info := hcsshim.DriverInfo{HomeDir: home}
	id, err := hcsshim.NameToGuid("base")
	works("a name has an id", err)
	same, err := hcsshim.NameToGuid("base")
	check("always the same", err == nil && id == same, id, same)
	exists, err := hcsshim.LayerExists(info, "base")
	check("there is no layer at first", err == nil && !exists, err)
	base := filepath.Join(home, "base")
	hives := filepath.Join(base, "Files", "Windows", "System32", "config")
	works("a base layer is a folder with files", os.MkdirAll(hives, 0700))
	for _, hive := range []string{"DEFAULT", "SAM", "SECURITY", "SOFTWARE", "SYSTEM"} {
		works("with the hive "+hive, os.WriteFile(filepath.Join(hives, hive), []byte(hive), 0600))
	}
	works("which is processed", hcsshim.ProcessBaseLayer(base))
	works("a layer to write to is created", hcsshim.CreateSandboxLayer(info, "top", base, []string{base}))
	exists, err = hcsshim.LayerExists(info, "top")
	check("which is there", err == nil && exists, err)
	works("expanded", hcsshim.ExpandSandboxSize(info, "top", 30<<30))
	works("activated", hcsshim.ActivateLayer(info, "top"))
	works("and prepared", hcsshim.PrepareLayer(info, "top", []string{base}))
	path, err := hcsshim.GetLayerMountPath(info, "top")
	check("it has a volume", err == nil && strings.Contains(path, "Volume{"), path, err)
	works("a layer is exported", hcsshim.ExportLayer(info, "base", filepath.Join(home, "exported"), nil))
	works("and imported", hcsshim.ImportLayer(info, "copy", filepath.Join(home, "exported"), nil))
	works("unprepared", hcsshim.UnprepareLayer(info, "top"))
	works("deactivated", hcsshim.DeactivateLayer(info, "top"))
	works("and destroyed", hcsshim.DestroyLayer(info, "top"))
	exists, err = hcsshim.LayerExists(info, "top")
	check("it is gone", err == nil && !exists, err)
}

func main() {
	logrus.SetOutput(io.Discard)
	runContainer()
	runOldNetworks()
	runNetworks()
	runLayers(os.Args[1])
}
