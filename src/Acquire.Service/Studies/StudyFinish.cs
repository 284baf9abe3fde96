namespace Acquire.Service.Studies;
